import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** Mistakes in what is asked of the limiter; callers' refusals are decisions, not errors. */
export const limitErrors = {
  "limits.badRate": problem(
    500,
    "'{got}' is not a rate; write for instance 10/s, 60/min, 1000/h or 5000/d.",
  ),
  "limits.badCost": problem(500, "A call costs a whole number of tokens from 0 on; got {got}."),
  "limits.notStarted": problem(503, "The server is still starting; try again in a moment."),
} as const;

/** Makes problems `limits.*`. */
export const raise: Raise<typeof limitErrors> = raiser(limitErrors);
