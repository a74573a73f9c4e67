import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** Mistakes in what is asked of the limiter; callers' refusals are decisions, not errors. */
export const limitErrors = {
  "limits.badLimit": problem(
    422,
    "The limit cannot be used: {mistakes}.",
    "Write requests per minute (600), a rate (10/s, 60/min, 1000/h), the name of a policy in `limits.policies`, or an " +
      "object such as `{ limit: 1000, window: 'day', algorithm: 'fixed', per: 'user' }`.",
  ),
  "limits.badPolicies": problem(
    500,
    "limits.policies has {count} mistakes: {mistakes}",
    "Every mistake of every policy is named; the server starts when all are put right.",
  ),
  "limits.unknownPolicy": problem(
    500,
    "A limit names the policy '{name}', which is not in limits.policies.",
    "A key or route was made while the policy was there. Put it back, or change the key or route.",
  ),
  "limits.badCost": problem(500, "A call costs a whole number of tokens from 0 on; got {got}."),
  "limits.badSubject": problem(
    422,
    "Name one of keyId, userId, ip and name to count by; got {got}.",
  ),
  "limits.notStarted": problem(503, "The server is still starting; try again in a moment."),
} as const;

/** Makes problems `limits.*`. */
export const raise: Raise<typeof limitErrors> = raiser(limitErrors);
