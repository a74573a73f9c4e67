import type { LimitPolicy } from "portico/kernel";

/**
 * A token bucket as GCRA keeps it: not tokens but a debt that is worked off. Everything is counted in integers, so that no
 * rounding ever admits a call too many: a token is `unitsPerToken`, and `unitsPerMs` are worked off in each millisecond.
 */
export interface Gcra {
  readonly unitsPerToken: number;
  readonly unitsPerMs: number;
  /** The most that may be owed: a whole burst. */
  readonly capacity: number;
}

/** The figures of a policy, divided by what they have in common: the smaller, the further from 2^53. */
export function gcraOf({ limit, windowMs, burst }: LimitPolicy): Gcra {
  const shared = divisor(limit, windowMs);
  const unitsPerToken = windowMs / shared;
  return { unitsPerToken, unitsPerMs: limit / shared, capacity: burst * unitsPerToken };
}

/** Whole tokens that can be taken at once. */
export function tokensLeft({ capacity, unitsPerToken }: Gcra, debt: number): number {
  return Math.max(0, Math.floor((capacity - debt) / unitsPerToken));
}

/** Milliseconds until that much is worked off, rounded up to what is surely enough. */
export function workedOffMs({ unitsPerMs }: Gcra, debt: number): number {
  return Math.max(0, Math.ceil(debt / unitsPerMs));
}

function divisor(one: number, other: number): number {
  return other === 0 ? one : divisor(other, one % other);
}
