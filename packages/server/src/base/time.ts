const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION_PATTERN = /^(\d+)(ms|s|m|min|h|d)$/;
const RATE_PATTERN = /^(\d+)\/(s|min|h|d)$/;

/** A source of time. Everything that asks what time it is asks one of these, so that tests own the answer. */
export interface Clock {
  /** Milliseconds since 1970, UTC; may jump when the machine's clock is set. */
  readonly now: () => number;
  /** Milliseconds from an arbitrary start; never goes backward. For measuring, never for storing. */
  readonly monotonic: () => number;
  /** Calls `run` once after `delayMs`; the returned function cancels. Never keeps the process alive. */
  readonly after: (delayMs: number, run: () => void) => () => void;
}

/** The machine's own clock. */
export const systemClock: Clock = {
  now: Date.now,
  monotonic: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(delayMs, 2_147_483_647));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Milliseconds of a written duration (`"250ms"`, `"30s"`, `"5m"`, `"12h"`, `"7d"`), or undefined. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION_PATTERN.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * UNITS_MS[match[2] as keyof typeof UNITS_MS];
}

/** A written rate: so many per window. */
export interface Rate {
  readonly limit: number;
  readonly windowMs: number;
}

/** Reads `"60/min"`, `"10/s"`, `"1000/h"`, `"5000/d"`; undefined for anything else and for a limit of zero. */
export function parseRate(text: string): Rate | undefined {
  const match = RATE_PATTERN.exec(text);
  const limit = Number(match?.[1] ?? 0);
  if (match === null || limit < 1) return undefined;
  return { limit, windowMs: UNITS_MS[match[2] as keyof typeof UNITS_MS] };
}

/** RFC 3339 in UTC with three decimals, the one form in which times leave the house. */
export function toRfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
