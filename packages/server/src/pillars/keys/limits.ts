import { Limiters, readLimit } from "portico/kernel";
import type {
  Caller,
  LimitOptions,
  LimitPolicy,
  LimitSpec,
  PluginContext,
  RateLimits,
} from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";
import { raise } from "./errors.ts";
import type { KeyRow } from "./tables.ts";

/** One quota of a key: so many in a fixed window of UTC. */
export const Quota = Type.Object(
  {
    limit: Type.Integer({ minimum: 1, maximum: 1_000_000_000 }),
    window: Type.Enum(["minute", "hour", "day", "month"]),
  },
  { additionalProperties: false },
);
/** One quota of a key. */
export type Quota = Static<typeof Quota>;

/** A key's own limits: over all of its calls together. */
export interface KeyLimits {
  readonly rateLimit: RateLimits | null;
  readonly quotas: readonly Quota[];
}

/** A key's limits as the limiter counts them; the same list for every call of a key. */
export function limitsOf({ rateLimit, quotas }: KeyLimits): readonly LimitSpec[] {
  const rates = rateLimit === null ? [] : Array.isArray(rateLimit) ? rateLimit : [rateLimit];
  const texts = rates.map((rate) => (typeof rate === "number" ? `${rate}/min` : rate));
  return [...texts, ...quotas.map(asSpec)];
}

function asSpec({ limit, window }: Quota): LimitOptions {
  return { limit, window, algorithm: "fixed" };
}

/** True when the policy of this name is one of a key's quotas: a fixed window. */
export function isQuota(name: string, limits: readonly LimitSpec[]): boolean {
  return limits.some((spec) => {
    const read = readLimit(spec);
    return (
      "kind" in read && read.kind === "policy" && read.name === name && read.algorithm === "fixed"
    );
  });
}

/** The limits of a row. */
export function readLimits({ rate_limit, rate_policy, quotas }: LimitColumns): KeyLimits {
  // Written by this pillar from values that the schemas had accepted.
  return {
    rateLimit: rate_policy === null ? rate_limit : (JSON.parse(rate_policy) as RateLimits),
    quotas: quotas === null ? [] : (JSON.parse(quotas) as Quota[]),
  };
}

type LimitColumns = Pick<KeyRow, "rate_limit" | "rate_policy" | "quotas">;

/** The columns of limits. */
export function limitColumns({ rateLimit, quotas }: KeyLimits): LimitColumns {
  const isPlain = rateLimit === null || typeof rateLimit === "number";
  return {
    rate_limit: isPlain ? rateLimit : null,
    rate_policy: isPlain ? null : JSON.stringify(rateLimit),
    quotas: quotas.length === 0 ? null : JSON.stringify(quotas),
  };
}

function mistakesIn(specs: readonly LimitSpec[], ctx: PluginContext): readonly string[] {
  const limiter = ctx.contributions(Limiters)[0]?.value;
  if (limiter?.mistakes !== undefined) return limiter.mistakes(specs);
  return specs.map(readLimit).flatMap((read) => ("kind" in read ? [] : read));
}

const OWN: ReadonlySet<string> = new Set(["key", "user", "organization"]);

/**
 * Refuses limits that cannot be a key's (`keys.badLimit`): figures that make no sense, names that no policy has, and counts
 * that reach beyond the key's organization.
 */
export function checkLimits(limits: KeyLimits, ctx: PluginContext): void {
  const specs = limitsOf(limits);
  const foreign = specs.flatMap((spec) => {
    const read = readLimit(spec);
    if (!("kind" in read) || read.kind === "reference" || OWN.has(read.per)) return [];
    return [`a key's limit is per key, user or organization, not per ${read.per}`];
  });
  const mistakes = [...mistakesIn(specs, ctx), ...foreign];
  if (mistakes.length > 0)
    throw raise("keys.badLimit", { params: { mistakes: mistakes.join("; ") } });
}

/** The limits that a caller passes on to a key that names none. */
export function inheritedLimits(creator: Caller, ownRow: KeyRow | undefined): KeyLimits {
  if (ownRow !== undefined) return readLimits(ownRow);
  const held = (creator.limits ?? []).map((spec): Exclude<RateLimits, unknown[]> => {
    const perMinute = typeof spec === "string" ? /^(\d+)\/min$/.exec(spec)?.[1] : undefined;
    return perMinute === undefined ? spec : Number(perMinute);
  });
  const [first = null, ...more] = held;
  return { rateLimit: more.length === 0 ? first : held, quotas: [] };
}

/** The first limit of the creator that nothing in the new key's limits keeps; undefined when all are kept. */
export function exceededLimit(limits: KeyLimits, creator: Caller): string | undefined {
  const own = limitsOf(limits);
  const lost = (creator.limits ?? []).find((held) => !own.some((asked) => keeps(asked, held)));
  return lost === undefined ? undefined : nameOf(lost);
}

function nameOf(spec: LimitSpec): string {
  const read = readLimit(spec);
  return "kind" in read ? read.name : JSON.stringify(spec);
}

/** True when whoever keeps within `asked` keeps within `held`. */
function keeps(asked: LimitSpec, held: LimitSpec): boolean {
  const [one, other] = [readLimit(asked), readLimit(held)];
  if (!("kind" in one) || !("kind" in other)) return false;
  if (one.kind === "reference" || other.kind === "reference") {
    return one.kind === other.kind && one.name === other.name;
  }
  return isTighter(one, other);
}

function isTighter(one: LimitPolicy, other: LimitPolicy): boolean {
  const isUnderWay = one.algorithm === "concurrency";
  if (isUnderWay || other.algorithm === "concurrency") {
    return one.algorithm === other.algorithm && one.limit <= other.limit;
  }
  const isSlower = one.limit * other.windowMs <= other.limit * one.windowMs;
  return isSlower && one.burst <= other.burst && one.cost >= other.cost;
}
