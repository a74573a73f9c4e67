import type { CacheRoom } from "./cache-call.ts";
import type { CachePolicy } from "./policy.ts";

/** Name of the step, and of the stage of the same route: what stands behind the stage is what a stored reply goes through. */
export const CACHE = "cache";

/** What the step of one route works with. */
export interface CacheStepParts {
  readonly room: CacheRoom;
  readonly policy: CachePolicy;
}
