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
} as const;

/** Makes problems `events.*`. */
export const raise: Raise<typeof eventErrors> = raiser(eventErrors);
