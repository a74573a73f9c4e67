import type { Problem } from "../../base/index.ts";
import type { LimitDecision } from "../contract/index.ts";
import { raise } from "./errors.ts";

/** `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11) for a decision. */
export function rateLimitHeaders(decision: LimitDecision): Readonly<Record<string, string>> {
  const name = `"${decision.policy.replaceAll(/[^ !#-[\]-~]/g, "_")}"`;
  const window = Math.ceil(decision.windowMs / 1_000);
  return {
    "ratelimit-policy": `${name};q=${decision.limit};w=${window}`,
    ratelimit: `${name};r=${Math.max(0, Math.floor(decision.remaining))};t=${seconds(decision)}`,
  };
}

/** The 429 for a refused decision, with `Retry-After` and the member `violated-policies`. */
export function rateLimited(decision: LimitDecision): Problem {
  const retryAfter = seconds(decision);
  return raise("request.rateLimited", {
    params: { limit: decision.limit, windowMs: decision.windowMs, retryAfter },
    members: { "violated-policies": [decision.policy] },
    headers: { ...rateLimitHeaders(decision), "retry-after": String(retryAfter) },
  });
}

function seconds({ resetMs, allowed }: LimitDecision): number {
  const whole = Math.ceil(resetMs / 1_000);
  return allowed ? Math.max(0, whole) : Math.max(1, whole);
}
