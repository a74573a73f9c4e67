import type { SessionLife } from "./face.ts";
import type { SessionSettings } from "./settings.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The longest that anybody acts as somebody else. */
export const IMPERSONATION_MS = HOUR_MS;

/** How long a session lasts. */
export interface Limits {
  readonly idleMs: number;
  readonly absoluteMs: number;
}

/** The limits of a session of one life. */
export function limitsOf(life: SessionLife, { sessions }: SessionSettings): Limits {
  const limits =
    life === "long"
      ? { idleMs: sessions.idleDays * DAY_MS, absoluteMs: sessions.absoluteDays * DAY_MS }
      : {
          idleMs: sessions.browserIdleMinutes * MINUTE_MS,
          absoluteMs: sessions.browserHours * HOUR_MS,
        };
  return { ...limits, idleMs: Math.min(limits.idleMs, limits.absoluteMs) };
}
