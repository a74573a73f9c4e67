import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What this pillar refuses. */
export const keyErrors = {
  "keys.invalid": problem(
    401,
    "The API key is not valid.",
    "It may be mistyped, unknown, revoked or expired; from outside all four look alike. Whoever issued it sees which " +
      "one it is in the list of keys and with `POST /keys/verify`.",
  ),
  "keys.twoKeys": problem(
    400,
    "The request carries more than one API key; send one, in one header.",
    "Either `Authorization: Bearer …` or `X-API-Key: …`, once.",
  ),
  "keys.notFound": problem(
    404,
    "There is no API key '{id}' here.",
    "The key does not exist or belongs to another organization.",
  ),
  "keys.exceedsCreator": problem(
    403,
    "A key cannot be given what its creator lacks: {what}.",
    "Permissions, rate limit and environment of a new key lie within those of the caller that creates it.",
  ),
  "keys.unknownEnvironment": problem(
    422,
    "'{got}' is no environment of this installation; choose one of {known}.",
    "An operator sets the words in `keys.environments`.",
  ),
  "keys.expiryPast": problem(422, "expiresAt is {got}, which is not in the future."),
  "keys.metadataTooLarge": problem(
    422,
    "metadata has {got} bytes of JSON; at most {max} are kept.",
  ),
  "keys.badOption": problem(422, "{option} is '{got}'; {expected}."),
  "keys.notStarted": problem(503, "The server is still starting; try again in a moment."),
} as const;

/** Makes problems `keys.*`. */
export const raise: Raise<typeof keyErrors> = raiser(keyErrors);
