import { anonymous, readLimit } from "portico/kernel";
import type {
  LimitDecision,
  LimitPlace,
  LimitPolicy,
  LimitRequest,
  LimitSpec,
} from "portico/kernel";
import { fakeClock } from "portico/testing";
import type { FakeClock } from "portico/testing";
import { createLimiter } from "./limiter.ts";
import type { CountingLimiter } from "./limiter.ts";
import type { NamedPolicies } from "./policies.ts";
import { memoryStore } from "./store/index.ts";
import type { LimitStore } from "./store/index.ts";

/** A limiter with a clock of its own. */
export interface LimiterBench extends CountingLimiter {
  readonly clock: FakeClock;
  /** Only where nothing has to be fetched or waited for. */
  takeNow(request: LimitRequest): LimitDecision;
}

/** What a bench may be given. */
export interface BenchOptions {
  readonly bucketsMax?: number;
  readonly policies?: NamedPolicies;
  readonly store?: LimitStore;
  readonly clock?: FakeClock;
  readonly tellsResetAt?: boolean;
}

/** Makes a limiter over a store in memory. */
export function limiterBench(options: BenchOptions = {}): LimiterBench {
  const clock = options.clock ?? fakeClock();
  const limiter = createLimiter({
    bucketsMax: 1_000_000,
    store: memoryStore(clock.now),
    ...options,
    clock,
  });
  return {
    ...limiter,
    clock,
    takeNow: (request) => {
      const decision = limiter.take(request);
      if (decision instanceof Promise) throw new TypeError("the limiter had to wait");
      return decision;
    },
  };
}

/** A call of a key to one place with these limits. */
export function call(subject: string, ...limits: readonly LimitSpec[]): LimitRequest {
  return {
    caller: { ...anonymous, kind: "key", subject },
    address: "192.0.2.1",
    place: placeOf("notes.create", limits),
  };
}

/** A place; one object for one list of limits, as operations and routes have them. */
export function placeOf(id: string, limits: readonly LimitSpec[]): LimitPlace {
  return { id, api: "notes", limits };
}

/** A policy that is known to be right. */
export function policyOf(spec: LimitSpec): LimitPolicy {
  const read = readLimit(spec);
  if ("kind" in read && read.kind === "policy") return read;
  throw new TypeError(`not a policy: ${JSON.stringify(spec)}`);
}
