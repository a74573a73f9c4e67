import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What this pillar refuses. */
export const eventErrors = {
  "events.notFound": problem(
    404,
    "There is no event '{id}' here.",
    "The event does not exist, belongs to another organization, or its time of keeping is over.",
  ),
  "events.dataTooLarge": problem(
    413,
    "The data of the event has {got} bytes; at most {max} are accepted.",
    "Put the document elsewhere and send its address, or raise `events.dataBytesMax`.",
  ),
  "events.reservedType": problem(
    422,
    "Events of the type '{type}' are told by the plugin '{owner}' alone. Choose a type of your own.",
    "Plugins act on such events: whoever could publish them could make a plugin believe that something happened.",
  ),
  "events.badOption": problem(422, "{option} cannot be used. It must be {wanted}."),
  "events.badText": problem(
    422,
    "A text in the data holds {got}, which no database keeps unchanged.",
    "U+0000 and lone surrogates are not well-formed Unicode text. Every other character is accepted as it is.",
  ),
  "events.oneData": problem(
    422,
    "An event has `data` or `dataBase64`, one of the two; this one has {got}.",
    "`data` is any JSON value, `null` too. `dataBase64` holds bytes of another media type, named by `contentType`.",
  ),
  "events.keyReuse": problem(
    422,
    "The idempotency key '{key}' stands for another event already. Send another key with another event.",
    "A key names one event of the organization: sent again with the same event it answers the first one's id.",
  ),
  "events.dataUnfit": problem(
    422,
    "The data does not fit the schema of '{type}' in version {version}, at {count} places.",
    "The type enforces its schema. Correct the data, or let whoever owns the type change its schema or its validation.",
  ),
  "events.badCloudEvent": problem(
    422,
    "The body is not a CloudEvent 1.0: {reason}",
    "Structured: a JSON object with specversion, id, source and type. Binary: the same as header fields `ce-…`, the data as body.",
  ),
  "events.batchElsewhere": problem(
    415,
    "A batch of CloudEvents is sent to /api/v1/events/batch; this path takes one event.",
  ),
  "events.badTime": problem(
    422,
    "`{name}` is not a time of RFC 3339: got '{got}'. Send one such as 2026-01-31T12:00:00Z.",
  ),
  "events.typeNotFound": problem(404, "There is no event type '{type}' here."),
  "events.versionNotFound": problem(
    404,
    "The event type '{type}' has no schema of version {version}.",
  ),
  "events.typeTaken": problem(409, "The event type '{type}' is described already. Change it."),
  "events.typeOfPlugin": problem(
    409,
    "The event type '{type}' is declared by the plugin '{owner}', and only it may change it.",
  ),
  "events.tooManyTypes": problem(
    409,
    "This organization has {max} event types, which is the most. Delete some.",
  ),
  "events.badSchema": problem(
    422,
    "The schema cannot be used, at {count} places.",
    "Schemas are JSON Schema 2020-12, without references to other documents, of at most 64 kB. `docs/events.md` tells which words are judged.",
  ),
  "events.badExample": problem(422, "The example does not fit the schema, at {count} places."),
  "events.breaking": problem(
    409,
    "The new schema of '{type}' breaks {breaks}, by {count} changes. Send `force: true` to take it nevertheless.",
    "`errors` names each change and whom it breaks. A compatible change adds optional properties or changes descriptions.",
  ),
} as const;

/** Makes problems `events.*`. */
export const raise: Raise<typeof eventErrors> = raiser(eventErrors);
