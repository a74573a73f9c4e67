import { parseRate } from "portico/kernel";
import type { Clock, LimitDecision, Limiter, LimitRequest, Rate } from "portico/kernel";
import { capacity, debtAt, tokensLeft, workedOffMs } from "./bucket.ts";
import { Buckets } from "./buckets.ts";
import { raise } from "./errors.ts";

/** Rates are written by operators and in keys; beyond this many different ones the memory of parsed ones begins anew. */
const RATES_REMEMBERED = 10_000;

/** How a limiter is made. */
export interface LimiterOptions {
  readonly clock: Pick<Clock, "monotonic">;
  /** Buckets held for each window length. */
  readonly bucketsMax: number;
}

/** A limiter that tells how much it holds. */
export interface MemoryLimiter extends Limiter {
  readonly size: () => number;
}

/**
 * Makes a limiter in memory: token buckets with a burst of the whole limit. `take` is synchronous, takes from all rates or
 * from none, and measures by the monotonic clock, so that setting the machine's clock admits nobody.
 *
 * @example
 * const limiter = memoryLimiter({ clock: systemClock, bucketsMax: 1_000_000 });
 * limiter.take({ subject: "key_01…", counts: [{ name: "notes.create", rates: ["60/min", "5/s"] }] }).allowed;
 */
export function memoryLimiter({ clock, bucketsMax }: LimiterOptions): MemoryLimiter {
  const parsed = new Map<string, Rate>();
  const byWindow = new Map<number, Buckets>();
  const bucketsOf = ({ windowMs }: Rate): Buckets => {
    const known = byWindow.get(windowMs);
    if (known !== undefined) return known;
    const made = new Buckets(windowMs, bucketsMax);
    byWindow.set(windowMs, made);
    return made;
  };
  const rateOf = (text: string): Rate => {
    const known = parsed.get(text);
    if (known !== undefined) return known;
    const rate = parseRate(text);
    // Beyond this the integers of a bucket would no longer be exact.
    if (rate === undefined || !Number.isSafeInteger(2 * capacity(rate)))
      throw raise("limits.badRate", { params: { got: text } });
    if (parsed.size >= RATES_REMEMBERED) parsed.clear();
    parsed.set(text, rate);
    return rate;
  };
  let highestMs = 0;
  return {
    take: (request) => {
      // A clock that went back would work the same stretch of time off twice when it comes forward again.
      highestMs = Math.max(highestMs, Math.floor(clock.monotonic()));
      const claims = claimsOf(request, highestMs, { rateOf, bucketsOf });
      const isAllowed = claims.every((claim) => claim.isAllowed);
      if (isAllowed) {
        for (const claim of claims) claim.buckets.put(claim.name, claim.debtAfter, claim.nowMs);
      }
      return isAllowed ? admitted(claims) : refusal(claims);
    },
    size: () => [...byWindow.values()].reduce((sum, buckets) => sum + buckets.size, 0),
  };
}

/** What one rate says of a call before anything is taken. */
interface Claim {
  readonly policy: string;
  readonly rate: Rate;
  readonly buckets: Buckets;
  readonly name: string;
  readonly nowMs: number;
  readonly debt: number;
  readonly debtAfter: number;
  readonly isAllowed: boolean;
}

interface Sources {
  readonly rateOf: (text: string) => Rate;
  readonly bucketsOf: (rate: Rate) => Buckets;
}

function claimsOf(
  { subject, counts, cost = 1 }: LimitRequest,
  nowMs: number,
  { rateOf, bucketsOf }: Sources,
): readonly Claim[] {
  if (!Number.isSafeInteger(cost) || cost < 0) {
    throw raise("limits.badCost", { params: { got: String(cost) } });
  }
  const claims: Claim[] = [];
  for (const { name, rates } of counts) {
    for (const policy of rates.length > 1 ? new Set(rates) : rates) {
      const rate = rateOf(policy);
      const buckets = bucketsOf(rate);
      const bucketName = buckets.nameFor(`${policy}\0${name}\0${subject}`, nowMs);
      const debt = debtAt(buckets.get(bucketName), rate, nowMs);
      const debtAfter = debt + cost * rate.windowMs;
      const isAllowed = debtAfter <= capacity(rate);
      claims.push({ policy, rate, buckets, name: bucketName, nowMs, debt, debtAfter, isAllowed });
    }
  }
  return claims;
}

/** No rate at all: nothing is counted. */
const UNLIMITED: LimitDecision = {
  allowed: true,
  policy: "none",
  limit: 0,
  windowMs: 0,
  remaining: 0,
  resetMs: 0,
};

function admitted(claims: readonly Claim[]): LimitDecision {
  return claims
    .map(({ policy, rate, debtAfter }) => ({
      allowed: true,
      policy,
      limit: rate.limit,
      windowMs: rate.windowMs,
      remaining: tokensLeft(rate, debtAfter),
      resetMs: workedOffMs(rate, debtAfter),
    }))
    .reduce((tightest, each) => (each.remaining < tightest.remaining ? each : tightest), {
      ...UNLIMITED,
      remaining: claims.length === 0 ? 0 : Number.POSITIVE_INFINITY,
    });
}

function refusal(claims: readonly Claim[]): LimitDecision {
  return claims
    .filter((claim) => !claim.isAllowed)
    .map(({ policy, rate, debt, debtAfter }) => ({
      allowed: false,
      policy,
      limit: rate.limit,
      windowMs: rate.windowMs,
      remaining: tokensLeft(rate, debt),
      resetMs: workedOffMs(rate, debtAfter - capacity(rate)),
    }))
    .reduce((longest, each) => (each.resetMs > longest.resetMs ? each : longest));
}
