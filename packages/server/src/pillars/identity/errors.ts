import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What the pillar as a whole refuses; each room has its own table besides. */
export const identityErrors = {
  "identity.notStarted": problem(503, "Identity is not ready yet."),
  "identity.badInvitation": problem(
    422,
    "The invitation is used up, withdrawn, too old, or for another address.",
    "Ask who invited you for a new one.",
  ),
} as const;

/** Makes problems `identity.*` of the pillar itself. */
export const raise: Raise<typeof identityErrors> = raiser(identityErrors);
