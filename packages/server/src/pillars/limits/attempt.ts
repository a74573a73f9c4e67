import { limitsUnavailable } from "portico/kernel";
import type { LimitDecision, LimitRequest, LimitState } from "portico/kernel";
import type { Counter } from "./counters/index.ts";
import { subjectOf } from "./subject.ts";

/** One call, and the counters of everything it counts for. */
export interface Asked {
  readonly request: LimitRequest;
  readonly counters: readonly Counter[];
  /** By which the cost of each policy is multiplied. */
  readonly cost: number;
}

/** What a look at all counters found; nothing has been taken yet. */
export type Look =
  /** All have room; these are to be charged. */
  | { readonly kind: "free"; readonly counters: readonly Counter[] }
  | { readonly kind: "full"; readonly counters: readonly Counter[] }
  | { readonly kind: "unknown"; readonly counters: readonly Counter[] };

/** The count of a call at one counter. */
export function countName({ id, policy }: Counter, request: LimitRequest): string {
  return `${id}\n${subjectOf(policy.per, request)}`;
}

/**
 * Looks at every counter of a call. Throws `request.limitsUnavailable` when a policy that is closed then has to ask a store that
 * is away, and nothing else refuses the call.
 */
export function lookAt({ request, counters, cost }: Asked): Look {
  let full: Counter[] | undefined;
  let unknown: Counter[] | undefined;
  let away: Counter[] | undefined;
  for (const counter of counters) {
    const verdict = counter.look(countName(counter, request), cost * counter.policy.cost);
    if (verdict === "full") (full ??= []).push(counter);
    else if (verdict === "unknown") (unknown ??= []).push(counter);
    else if (verdict === "away") (away ??= []).push(counter);
  }
  const left = [unknown, away];
  const known = unknown === undefined && away === undefined ? counters : without(counters, left);
  if (full !== undefined) return { kind: "full", counters: known };
  if (away?.some(({ policy }) => policy.onStoreFailure === "closed") === true) {
    throw limitsUnavailable();
  }
  if (unknown !== undefined) return { kind: "unknown", counters: unknown };
  return { kind: "free", counters: known };
}

function without(
  counters: readonly Counter[],
  left: readonly (readonly Counter[] | undefined)[],
): readonly Counter[] {
  return counters.filter((each) => !left.some((list) => list?.includes(each)));
}

/** No policy at all, or none that can be asked: nothing is counted. */
export const UNLIMITED: LimitDecision = Object.freeze({
  allowed: true,
  policy: "none",
  limit: 0,
  windowMs: 1,
  remaining: 0,
  resetMs: 0,
  states: [],
});

/** Charges all counters of a look that found room, and answers the tightest. */
export function charge(counters: readonly Counter[]): LimitDecision {
  const [only] = counters;
  if (only === undefined) return UNLIMITED;
  for (const counter of counters) counter.charge();
  if (counters.length === 1) return only.state(true);
  const states = counters.map((counter) => counter.state(true));
  const tightest = states.reduce((one, other) => (other.remaining < one.remaining ? other : one));
  return { ...tightest, states };
}

/** Refuses by what was looked at last, and answers what is to be waited for longest. */
export function refuse(counters: readonly Counter[]): LimitDecision {
  const states = counters.map((counter) => counter.state(false));
  const refused = states.filter(({ allowed }) => !allowed);
  const longest = refused.reduce<LimitState | undefined>(
    (one, other) => (one === undefined || other.resetMs > one.resetMs ? other : one),
    undefined,
  );
  return longest === undefined
    ? { ...UNLIMITED, allowed: false, resetMs: 1_000 }
    : { ...longest, states };
}
