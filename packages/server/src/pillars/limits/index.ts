/**
 * Limits: how often somebody may do something.
 *
 * Nouns: rate (`60/min`), bucket (what one subject has used of one rate), decision (admitted or not, with the numbers for
 * the `RateLimit` headers).
 * One call: `take({ subject, name, rates })` → each rate's bucket is looked at → if all have room, all are charged; else
 * none is, and the answer says when to come back (`limiter.ts`).
 * Buckets live in memory and are counted in integers by the monotonic clock (`bucket.ts`); idle ones are forgotten exactly
 * when that changes nothing (`buckets.ts`).
 * It fills `kernel.limiters@1`, so operations' own `limits` are enforced. It emits nothing, stores nothing and needs nobody.
 */
export { Limits, limits } from "./plugin.ts";
export type { LimitsFace } from "./plugin.ts";
