import type { LimitDecision } from "portico/kernel";

/** Adds `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11) to a reply's fields. */
export function writeRateLimits(headers: string[], decision: LimitDecision): void {
  const window = Math.ceil(decision.windowMs / 1_000);
  headers.push("RateLimit-Policy", `"${decision.policy}";q=${decision.limit};w=${window}`);
  const wait = Math.max(0, Math.ceil(decision.resetMs / 1_000));
  headers.push("RateLimit", `"${decision.policy}";r=${Math.floor(decision.remaining)};t=${wait}`);
}
