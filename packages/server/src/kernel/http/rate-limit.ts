import type { Problem } from "../../base/index.ts";
import type { LimitDecision, LimitState } from "../contract/index.ts";
import { raise } from "./errors.ts";

/**
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11) for a decision, every policy of it; and
 * `X-RateLimit-*` where the limiter asks for them.
 */
export function rateLimitHeaders(decision: LimitDecision): Readonly<Record<string, string>> {
  const { states, resetAt } = decision;
  const isOne = states === undefined || states.length < 2;
  return {
    "ratelimit-policy": isOne ? policyOf(decision) : states.map(policyOf).join(", "),
    ratelimit: isOne ? stateOf(decision) : states.map(stateOf).join(", "),
    ...(resetAt === undefined
      ? {}
      : {
          "x-ratelimit-limit": String(decision.limit),
          "x-ratelimit-remaining": String(left(decision)),
          // Seconds since 1970, as most clients of this older form read it.
          "x-ratelimit-reset": String(Math.ceil(resetAt / 1_000)),
        }),
  };
}

/** The 429 for a refused decision, with `Retry-After` and the member `violated-policies`. */
export function rateLimited(decision: LimitDecision): Problem {
  const retryAfter = seconds(decision);
  const { limit, windowMs, states = [decision] } = decision;
  const options = {
    members: { "violated-policies": states.filter(isViolated).map(({ policy }) => policy) },
    headers: { ...rateLimitHeaders(decision), "retry-after": String(retryAfter) },
  };
  return windowMs === 0
    ? raise("request.tooManyAtOnce", { ...options, params: { limit } })
    : raise("request.rateLimited", { ...options, params: { limit, windowMs, retryAfter } });
}

/** The 503 of a policy that is closed while its counts cannot be asked. */
export function limitsUnavailable(): Problem {
  return raise("request.limitsUnavailable", { headers: { "retry-after": "1" } });
}

function isViolated({ allowed }: LimitState): boolean {
  return !allowed;
}

function policyOf({ policy, limit, windowMs }: LimitState): string {
  return windowMs === 0
    ? `${quoted(policy)};q=${limit};qu="concurrent-requests"`
    : `${quoted(policy)};q=${limit};w=${Math.ceil(windowMs / 1_000)}`;
}

function stateOf(state: LimitState): string {
  return `${quoted(state.policy)};r=${left(state)};t=${seconds(state)}`;
}

const UNQUOTABLE = /[^ !#-[\]-~]/g;

/** RFC 9651 §3.3.3: printable ASCII; names of our own policies are no other. */
function quoted(name: string): string {
  return `"${name.search(UNQUOTABLE) < 0 ? name : name.replaceAll(UNQUOTABLE, "_")}"`;
}

function left({ remaining }: LimitState): number {
  return Math.max(0, Math.floor(remaining));
}

function seconds({ resetMs, allowed }: LimitState): number {
  const whole = Math.ceil(resetMs / 1_000);
  return allowed ? Math.max(0, whole) : Math.max(1, whole);
}
