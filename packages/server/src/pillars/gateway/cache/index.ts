/**
 * The shared cache (RFC 9111): replies in memory, by organization, API, version, host and target.
 * A call is looked up by the step; what the upstream replies is judged and kept by the stage of the same route. Stale
 * replies are asked about, served while they are fetched anew, or stand in for an upstream that fails (RFC 5861).
 */
export { cacheStage } from "./stage.ts";
export { cacheStep } from "./step.ts";
export { CACHE_CHANGES, toChange } from "./changes.ts";
export { forgetChanged } from "./forget-changed.ts";
export { keyedBy } from "./keyed-by.ts";
export { openCacheRoom } from "./room.ts";
export type { CacheRoom } from "./cache-call.ts";
export type { CachePolicy } from "./policy.ts";
export type { CacheStore, Purge } from "./store.ts";
export { cachePolicy } from "./settings.ts";
