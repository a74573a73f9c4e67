import { readLimit } from "portico/kernel";
import type { Limiter, LimitSpec, RateLimits } from "portico/kernel";

/** What `rateLimit` of a route or an API means: none, one, or several that apply together. */
export function limitsOf(rateLimit: RateLimits | undefined): readonly LimitSpec[] {
  if (rateLimit === undefined) return [];
  return Array.isArray(rateLimit) ? rateLimit : [rateLimit];
}

/** Everything that is wrong with a route's limits, names of unknown policies included. */
export function limitMistakes(
  limits: readonly LimitSpec[],
  limiter: Limiter | undefined,
): readonly string[] {
  if (limiter?.mistakes !== undefined) return limiter.mistakes(limits);
  return limits.flatMap((spec) => {
    const read = readLimit(spec);
    return "kind" in read ? [] : read;
  });
}
