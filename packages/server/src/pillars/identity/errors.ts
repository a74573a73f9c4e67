import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What the pillar as a whole refuses; each room has its own table besides. */
export const identityErrors = {
  "identity.notStarted": problem(503, "Identity is not ready yet."),
} as const;

/** Makes problems `identity.*` of the pillar itself. */
export const raise: Raise<typeof identityErrors> = raiser(identityErrors);
