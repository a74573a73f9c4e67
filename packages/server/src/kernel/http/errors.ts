import { problem, raiser } from "../../base/index.ts";

/** What is refused because of how it was asked. */
export const httpErrors = {
  "request.notFound": problem(404, "Nothing answers at this path."),
  "request.methodNotAllowed": problem(
    405,
    "This path does not take {method}.",
    "The header `Allow` of the answer lists the methods it takes.",
  ),
  "request.malformed": problem(
    400,
    "The body is not JSON that can be taken: {reason}",
    "Bodies are JSON in UTF-8 (RFC 8259): no byte order mark, no key twice in one object, no key `__proto__`, at most 64 levels.",
  ),
  "request.text": problem(
    422,
    "A text cannot be stored: {reason}",
    "Text may hold every character of Unicode but U+0000, and no half of a surrogate pair.",
  ),
  "request.number": problem(
    422,
    "A number cannot be held exactly: {reason}",
    "Integers beyond 9007199254740991 and numbers beyond 1.8e308 are sent as text.",
  ),
  "request.invalid": problem(
    422,
    "The request does not fit this operation: {count} thing(s) to correct.",
    "`errors` lists every place: `pointer` (RFC 6901) into the body, or into the query or path where `in` says so.",
  ),
  "request.bodyTooLarge": problem(413, "The body is larger than {bytesMax} bytes."),
  "request.mediaType": problem(
    415,
    "Bodies of the type '{mediaType}' are not taken here; send application/json.",
  ),
  "request.contentEncoding": problem(
    415,
    "Bodies with the content coding '{coding}' are not taken here; send them as they are.",
  ),
  "request.uriTooLong": problem(414, "The address is longer than {lengthMax} characters."),
  "request.headersTooLarge": problem(431, "The headers are larger than what is taken here."),
  "request.tooManyParameters": problem(400, "The query has more than {countMax} parameters."),
  "request.badPath": problem(400, "The path cannot be decoded."),
  "request.framing": problem(
    400,
    "The request is ambiguous: {reason}.",
    "Whatever two servers could read in two ways is refused (RFC 9112 §6, §11.2): check the client or proxy that wrote it.",
  ),
  "request.tooSlow": problem(408, "The request did not arrive within the time for it."),
  "request.expectation": problem(417, "The only expectation taken is 100-continue."),
  "request.upgrade": problem(426, "Nothing answers an upgrade at this path."),
  "request.cursor": problem(
    400,
    "The cursor is not one that this list gave for these filters.",
    "Pass `next` of the last page unchanged, with the same filters; leave it out to start again.",
  ),
  "request.ifMatch": problem(400, 'If-Match must be one revision as the ETag gave it: "12".'),
  "request.revision": problem(
    412,
    "The object has changed: it is at revision {revision} now.",
    "Read it again, and repeat the change if it still holds.",
  ),
  "request.idempotencyKey": problem(400, "Idempotency-Key must be 1 to 255 printable characters."),
  "request.idempotencyReuse": problem(
    422,
    "This Idempotency-Key was used for another request.",
    "A key stands for one request: the same operation, path, query and body. Use a new key for a new request.",
  ),
  "request.inProgress": problem(
    409,
    "A request with this Idempotency-Key is still under way. Try again in a moment.",
  ),
  "request.rateLimited": problem(
    429,
    "The limit of {limit} per {windowMs} ms is used up; try again in {retryAfter} s.",
    "`Retry-After` says when; `RateLimit-Policy` and `RateLimit` say which limit and what is left of it.",
  ),
  "request.tooManyAtOnce": problem(
    429,
    "{limit} calls at a time are allowed, and as many are under way; try again when one has ended.",
    "The limit counts calls that have not been answered yet. `violated-policies` names it.",
  ),
  "request.limitsUnavailable": problem(
    503,
    "A limit of this call cannot be counted now. Try again in a moment.",
    "Windows longer than a minute are counted in the database, which cannot be asked. A policy with " +
      '`onStoreFailure: "open"` lets calls pass meanwhile.',
  ),
  "request.unavailable": problem(503, "The server cannot answer now. Try again."),
  "request.timeout": problem(
    503,
    "The request took longer than {timeoutMs} ms. Whether it took effect is not known.",
    "Repeat it with the same Idempotency-Key: what took effect is then answered, not done again.",
  ),
  "request.noOperation": problem(404, "No operation has the id '{operationId}'."),
  "request.internal": problem(
    500,
    "Something failed on our side; the server's log has it under this request id.",
  ),
} as const;

export const raise = raiser(httpErrors);
