/**
 * Limits: how often somebody may do something.
 *
 * Nouns: policy (so many per window, as a bucket, a fixed window, or calls under way), place (an operation, a route), subject
 * (whose calls are counted together), count (what one subject has used of one policy), decision (admitted or not, with the
 * numbers for the `RateLimit` headers).
 * One call: `take({ caller, address, place })` → the counters of the caller's own limits and of the place's are looked at →
 * if all have room, all are charged; else none is, and the answer says when to come back (`attempt.ts`), or the call is
 * held back (`throttle.ts`).
 * Windows of up to a minute are counted in memory, in integers (`counters/`), and idle counts are forgotten exactly when that
 * changes nothing. Longer ones take blocks from the database first (`store/`), shared by all processes: a crash loses
 * tokens, and never finds any.
 * It fills `kernel.limiters@1`, so operations' own `limits` are enforced. It emits nothing and needs nobody.
 */
export { Limits } from "./capability.ts";
export type { LimitsFace } from "./capability.ts";
export { limits } from "./plugin.ts";
