import { problem, raiser } from "portico/kernel";

/** What the gateway refuses, and how calls to upstreams fail. */
export const gatewayErrors = {
  "gateway.pathAmbiguous": problem(
    400,
    "The path {reason}. Send it percent-encoded in its plain form.",
    "Paths that two servers could read differently are refused: dot segments, doubled slashes, encoded slashes, backslashes, controls. Routing, permission and forwarding use one and the same string.",
  ),
  "gateway.headRefused": problem(
    400,
    "The request's header fields {reason}.",
    "Fields that decide how a message is framed, routed or authorised cannot be taken away by naming them in Connection, nor be given in two ways.",
  ),
  "gateway.routeUnknown": problem(404, "No route of the API '{api}' has this path."),
  "gateway.methodNotAllowed": problem(
    405,
    "The path exists, but not for {method}. It takes {allowed}.",
  ),
  "gateway.bodyTooLarge": problem(413, "The body is larger than {max} bytes."),
  "gateway.requestInvalid": problem(
    422,
    "The request does not fit the API's description: {count} thing(s) to correct.",
    "`errors` lists every place: `pointer` (RFC 6901) into the body, or into the path, query, header fields or cookies where `in` says so. The API's OpenAPI document has the whole description.",
  ),
  "gateway.bodyUnreadable": problem(
    400,
    "The body is not {type} that can be read: {reason}.",
    "JSON is UTF-8 without a byte order mark, with no key twice in one object and at most 200 levels; forms are percent-encoded UTF-8.",
  ),
  "gateway.mediaTypeRefused": problem(
    415,
    "A body {got} is not taken here; send one of: {types}.",
    "The field `Content-Type` says what a body is. JSON and forms are taken in UTF-8 only.",
  ),
  "gateway.contentCodingRefused": problem(
    415,
    "A body with the content coding '{coding}' is not taken here; send it as it is, or in one of gzip, br, deflate, zstd.",
  ),
  "gateway.replyInvalid": problem(
    502,
    "The application has acted, but its answer does not fit the API's description, so it is kept back.",
    "The API's owner asked for this check (`responses: \"enforce\"`). The server's log tells what does not fit.",
  ),
  "gateway.callerLeft": problem(
    400,
    "The connection closed before the whole body had come.",
    "Nobody reads this answer; the request log shows it.",
  ),
  "gateway.upstreamUnreachable": problem(502, "The application behind this API cannot be reached."),
  "gateway.upstreamClosed": problem(
    502,
    "The application behind this API closed the connection before it had answered.",
    "The application may have acted on the request.",
  ),
  "gateway.upstreamMalformed": problem(
    502,
    "The application behind this API answered something that is not valid HTTP.",
  ),
  "gateway.upstreamTimeout": problem(
    504,
    "The application behind this API did not answer in time.",
  ),
  "gateway.upstreamBusy": problem(
    503,
    "The application behind this API has as many calls as it may have. Try again soon.",
  ),
  "gateway.internal": problem(
    500,
    "Something failed on our side; the server's log has it under this request id.",
  ),
  "gateway.loop": problem(508, "The request has passed through this gateway before."),
  "gateway.replyTooLarge": problem(
    502,
    "The application has acted, but its answer is larger than the {max} bytes an event may be made of.",
    "The call was carried out by the application. No event was stored. Raise `emitBodyBytesMax` of the API, or answer less.",
  ),
  "gateway.eventNotStored": problem(
    503,
    "The application has acted, but the event of it could not be stored. Do not repeat the call blindly.",
    "A call that makes an event is only answered with success when the event is stored. Here the application answered {status}, and storing failed. Look the object up before you repeat the call, or repeat with an idempotency key.",
  ),
  "gateway.badConfig": problem(
    500,
    "The gateway's settings hold {count} mistakes: {mistakes}",
    "Each mistake names the API and the route. Correct all of them and start again.",
  ),
} as const;

export const raise = raiser(gatewayErrors);
