import type { Clock, LimitPolicy } from "portico/kernel";

/**
 * The time by which fixed windows turn: UTC, but never backward. A clock that is set back would open a window again that
 * was used up; so time then goes on from where it was, at its own pace, until the clock has caught up.
 */
export function forwardClock(clock: Pick<Clock, "now" | "monotonic">): () => number {
  let wallMs = Math.floor(clock.now());
  let atMs = clock.monotonic();
  return () => {
    const monotonic = clock.monotonic();
    const expected = wallMs + Math.max(0, monotonic - atMs);
    const now = clock.now();
    if (now <= expected) return Math.floor(expected);
    wallMs = now;
    atMs = monotonic;
    return Math.floor(now);
  };
}

/** When the window began in which this moment lies; milliseconds since 1970. */
export function windowStart({ windowMs, isMonth }: LimitPolicy, nowMs: number): number {
  if (!isMonth) return nowMs - (nowMs % windowMs);
  const date = new Date(nowMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth());
}

/** When the window that began then is over. */
export function windowEnd({ windowMs, isMonth }: LimitPolicy, startMs: number): number {
  if (!isMonth) return startMs + windowMs;
  const date = new Date(startMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1);
}
