export { limitTexts, readLimit } from "./read.ts";
export type { LimitPolicy, LimitReference } from "./read.ts";
export { RateLimit, RateLimits } from "./schema.ts";
