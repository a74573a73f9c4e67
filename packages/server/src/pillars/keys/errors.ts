import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What this pillar refuses. */
export const keyErrors = {
  "keys.invalid": problem(
    401,
    "The API key is not valid.",
    "It may be mistyped, unknown, revoked, disabled or expired; from outside all look alike. Whoever issued it sees which " +
      "one it is in the list of keys and with `POST /keys/verify`.",
  ),
  "keys.addressRefused": problem(
    403,
    "This API key may not be used from the address {address}.",
    "The key is good, and bound to networks (`ipAllow`). Behind a proxy, list it in `server.trustedProxies`, so that the " +
      "client's own address is known.",
  ),
  "keys.badAddress": problem(
    422,
    "ipAllow takes addresses and networks such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32; got {got}.",
  ),
  "keys.badLimit": problem(
    422,
    "The limits cannot be a key's: {mistakes}.",
    "Write requests per minute, a rate such as 10/s, the name of a policy, or an object; per key, user or organization.",
  ),
  "keys.secretUnknown": problem(
    404,
    "No API key of this organization has this secret.",
    "It may be mistyped, belong to another organization, or have been rotated away.",
  ),
  "keys.revokedForGood": problem(
    409,
    "The API key '{id}' is revoked, and stays so.",
    "Revoking is for good. Create another key; to switch a key off for a while, disable it.",
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
    "Permissions, limits, environment, addresses and life of a key lie within those of the caller that creates or " +
      "changes it, rotates it or switches it on.",
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
