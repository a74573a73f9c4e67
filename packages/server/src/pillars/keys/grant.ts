import { parseRate } from "portico/kernel";
import type { Caller } from "portico/kernel";
import { raise } from "./errors.ts";

const MINUTE_MS = 60_000;

/** What a new key would be able to do. */
export interface Grant {
  readonly permissions: readonly string[];
  readonly environment: string;
  /** Requests per minute; null for no limit of its own. */
  readonly rateLimit: number | null;
}

/** Throws `keys.exceedsCreator` when the grant reaches beyond what its creator may do itself. */
export function checkGrant(grant: Grant, creator: Caller): void {
  for (const permission of grant.permissions) {
    if (!creator.permissions.some((held) => covers(held, permission))) {
      throw raise("keys.exceedsCreator", { params: { what: `the permission '${permission}'` } });
    }
  }
  if (creator.environment !== undefined && creator.environment !== grant.environment) {
    throw raise("keys.exceedsCreator", {
      params: { what: `the environment '${grant.environment}'` },
    });
  }
  const most = rateLimitOf(creator);
  if (most !== null && (grant.rateLimit === null || grant.rateLimit > most)) {
    throw raise("keys.exceedsCreator", {
      params: { what: `more than ${most} requests per minute` },
    });
  }
}

/** True when all that `asked` can mean is held with `held`: `notes:*` covers `notes:read` and itself, not `*`. */
export function covers(held: string, asked: string): boolean {
  if (held === "*" || held === asked) return true;
  return held.endsWith(":*") && asked.startsWith(held.slice(0, -1));
}

/** The requests per minute that a caller's credential allows; null for no limit. Used for keys it creates, too. */
export function rateLimitOf(caller: Caller): number | null {
  const perMinute = (caller.limits ?? []).flatMap((text) => {
    const rate = parseRate(String(text));
    return rate === undefined
      ? []
      : [Math.max(1, Math.floor((rate.limit * MINUTE_MS) / rate.windowMs))];
  });
  return perMinute.length === 0 ? null : Math.min(...perMinute);
}
