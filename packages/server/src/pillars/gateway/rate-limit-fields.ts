import { rateLimitHeaders } from "portico/kernel";
import type { LimitDecision } from "portico/kernel";

/** Adds the fields that tell where the caller stands to a reply's, as on Portico's own operations. */
export function writeRateLimits(headers: string[], decision: LimitDecision): void {
  const fields = rateLimitHeaders(decision);
  for (const name in fields) headers.push(FIELD_NAMES[name] ?? name, fields[name] ?? "");
}

/** As people write them; HTTP does not care. */
const FIELD_NAMES: Readonly<Record<string, string>> = {
  "ratelimit-policy": "RateLimit-Policy",
  ratelimit: "RateLimit",
  "x-ratelimit-limit": "X-RateLimit-Limit",
  "x-ratelimit-remaining": "X-RateLimit-Remaining",
  "x-ratelimit-reset": "X-RateLimit-Reset",
};
