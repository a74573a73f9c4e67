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
  "gateway.upstreamsDown": problem(
    503,
    "None of the instances of the application behind this API can be called now. Try again later.",
    "Health checks, failed calls or a circuit breaker have taken all of them out. `Retry-After` says when the first may be back.",
  ),
  "gateway.callerTooSlow": problem(
    408,
    "The request's body did not arrive in time, or the reply was not read.",
    "A body must not pause longer than `idleMs`, and must bring `bodyBytesPerSecondMin` bytes a second on average; both are `timeouts` of the API or the route.",
  ),
  "gateway.socketsFull": problem(
    503,
    "As many WebSockets are open to this API as may be. Try again later.",
    "`webSockets.max` of the API is the limit.",
  ),
  "gateway.upgradeRefused": problem(
    400,
    "The upgrade {reason}.",
    "Only WebSockets (RFC 6455) are passed on: GET in HTTP/1.1 with `Connection: Upgrade`, `Upgrade: websocket`, one `Sec-WebSocket-Key` and `Sec-WebSocket-Version: 13`, and no body.",
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
  "gateway.invalid": problem(
    422,
    "The table of routes would have {count} mistake(s) with this change; nothing was changed.",
    "`errors` lists all of them. The table that is in force goes on as it is.",
  ),
  "gateway.exists": problem(
    409,
    "There is already a {kind} '{id}'. Change that one, or choose another id.",
  ),
  "gateway.pinned": problem(
    409,
    "The {kind} '{id}' is written in the configuration; change it there.",
    "What the configuration says can be seen over the API and not changed by it: a restart would bring it back.",
  ),
  "gateway.notFound": problem(404, "There is no {kind} '{id}'."),
  "gateway.apiMissing": problem(
    422,
    "The API that this belongs to is not named, and there are {count}; give its id as `api`.",
  ),
  "gateway.importUpstream": problem(
    422,
    "There is no API '{api}' yet, and nothing says where it is; name its upstream.",
  ),
  "gateway.versionAmbiguous": problem(
    422,
    "Several APIs have the version '{version}': {apis}. Write for instance '{example}'.",
  ),
  "gateway.notStarted": problem(503, "The gateway has not started yet. Try again soon."),
  "gateway.versionUnknown": problem(
    400,
    "The API '{api}' has no version '{version}'. It has {versions}.",
    "A version is chosen by the path, a request header, or the key's pin, in this order. A date means the nearest older version; before the oldest there is none.",
  ),
  "gateway.versionSunset": problem(
    410,
    "What was called ended on {since}. {next}",
    "The version or route was announced as ending (Sunset, RFC 8594) and has ended. Nothing reached the application. Move to the successor that the Link field names.",
  ),
  "gateway.brownout": problem(
    503,
    "What was called is outdated and takes a break until {until}, so that its callers notice. It ends for good on {end}.",
    "A scheduled brownout: outdated versions and routes are switched off for short times before they end. This is no overload and no limit. Call the successor, or again after Retry-After.",
  ),
  "gateway.versionChangeFailed": problem(
    500,
    "The request could not be translated from its older version (at version '{version}'). Nothing reached the application.",
    "A version change of this API threw. The server's log names its module under this request id.",
  ),
  "gateway.versionReplyFailed": problem(
    502,
    "The application has acted, but its answer could not be translated to the older version that was asked for (at version '{version}').",
    "A version change of this API threw on the reply. The call was carried out by the application. The server's log names the module under this request id.",
  ),
  "gateway.bodyNotJson": problem(
    400,
    "The body says that it is JSON, but it {reason}.",
    "This route looks into JSON bodies. Send well-formed JSON in UTF-8, or another Content-Type.",
  ),
  "gateway.bodyNotChangeable": problem(
    415,
    "The body is not JSON, and only JSON can be translated here.",
    "The version or the transform of this route asks for JSON without Content-Encoding.",
  ),
  "gateway.replyNotJson": problem(
    502,
    "The application has acted, but its answer is not the JSON that could be translated.",
    "The application answered something that says it is JSON and is not, or another type where the settings refuse it.",
  ),
  "gateway.replyNotChangeable": problem(
    502,
    "The application has acted, but its answer is larger than the {max} bytes that can be translated.",
    "Raise `versionBodies.bytesMax` or `transform.bodyBytesMax`, or answer less.",
  ),
  "gateway.fieldValueRefused": problem(
    400,
    "The header field '{name}' would be made of a value of this request that holds a control character.",
    "A transform fills header fields with parts of the request. Line breaks and other controls would begin another field, so the request is refused.",
  ),
  "gateway.hookFailed": problem(
    500,
    "A hook of this route failed. Nothing reached the application.",
    "The server's log names the module under this request id.",
  ),
  "gateway.replyHookFailed": problem(
    502,
    "The application has acted, but a hook of this route failed on its answer.",
    "The server's log names the module under this request id.",
  ),
  "gateway.badConfig": problem(
    500,
    "The gateway's settings hold {count} mistakes: {mistakes}",
    "Each mistake names the API and the route. Correct all of them and start again.",
  ),
} as const;

export const raise = raiser(gatewayErrors);
