import type { Rate } from "portico/kernel";

/**
 * One token bucket as GCRA keeps it: not tokens but how much is still to be worked off. Everything is counted in
 * 1/`limit` of a millisecond, so that all numbers are integers and no rounding ever admits a call too many: a token is
 * `windowMs` of them, and `limit` of them are worked off in each millisecond.
 */
export interface Bucket {
  debt: number;
  /** Milliseconds by the monotonic clock when `debt` was true. */
  at: number;
}

/** What is still owed at a time, which is never before the bucket's own. */
export function debtAt(bucket: Bucket | undefined, rate: Rate, nowMs: number): number {
  if (bucket === undefined) return 0;
  return Math.max(0, bucket.debt - (nowMs - bucket.at) * rate.limit);
}

/** The most that may be owed: a burst of `limit` tokens. */
export function capacity(rate: Rate): number {
  return rate.limit * rate.windowMs;
}

/** Whole tokens that can be taken at once. */
export function tokensLeft(rate: Rate, debt: number): number {
  return Math.floor((capacity(rate) - debt) / rate.windowMs);
}

/** Milliseconds until that much is worked off, rounded up to what is surely enough. */
export function workedOffMs(rate: Rate, debt: number): number {
  return Math.max(0, Math.ceil(debt / rate.limit));
}
