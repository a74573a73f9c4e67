import type { Clock, LimitDecision, Limiter, LimitRequest } from "portico/kernel";
import { charge, countName, lookAt, refuse, UNLIMITED } from "./attempt.ts";
import type { Asked } from "./attempt.ts";
import type { Counter } from "./counters/index.ts";
import { raise } from "./errors.ts";
import { makeCounters } from "./make-counters.ts";
import type { CounterOptions } from "./make-counters.ts";
import { CounterTable, mistakesIn } from "./policies.ts";
import type { NamedPolicies } from "./policies.ts";
import { Throttle } from "./throttle.ts";

/** How a limiter is made. */
export interface LimiterOptions extends CounterOptions {
  readonly clock: Clock;
  readonly policies?: NamedPolicies;
  /** Decisions say when they are over, for `X-RateLimit-Reset`. */
  readonly tellsResetAt?: boolean;
}

/** A limiter that tells how much it holds. */
export interface CountingLimiter extends Required<Limiter> {
  readonly size: () => number;
  /** Gives back what was reserved and not used. */
  readonly close: () => Promise<void>;
}

type Answer = LimitDecision | Promise<LimitDecision>;

/** The store is asked at most so often for one call: others may take what was fetched for it. */
const ROUNDS_MAX = 8;

/**
 * Makes a limiter. `take` takes from all policies or from none; it is synchronous unless a block of a long window has to be
 * fetched or the call is held back. Throws `limits.badCost`, `limits.badLimit`, `limits.unknownPolicy`, `request.limitsUnavailable`.
 *
 * @example
 * const limiter = createLimiter({ clock: systemClock, bucketsMax: 1_000_000, store: memoryStore(Date.now) });
 * limiter.take({ caller, address: "192.0.2.1", place: { id: "notes.create", api: "notes", limits: ["60/min", "5/s"] } });
 */
export function createLimiter(options: LimiterOptions): CountingLimiter {
  const { clock, policies = new Map(), tellsResetAt = false } = options;
  const counters = makeCounters(options);
  const table = new CounterTable(policies, (id, policy) => counters.make(id, policy));
  const throttle = new Throttle(clock);
  const timed = (decision: LimitDecision): LimitDecision =>
    tellsResetAt ? { ...decision, resetAt: Math.floor(clock.now()) + decision.resetMs } : decision;
  return {
    take: (request) => {
      const asked = askedOf(table, request);
      if (asked.counters.length === 0) return UNLIMITED;
      const answer = decide(asked, throttle);
      return answer instanceof Promise ? answer.then(timed) : timed(answer);
    },
    mistakes: (limits) => mistakesIn(limits, policies),
    size: () => counters.size(),
    close: () => counters.close(),
  };
}

function askedOf(table: CounterTable, request: LimitRequest): Asked {
  const { caller, place, cost = 1 } = request;
  if (!Number.isSafeInteger(cost) || cost < 0) {
    throw raise("limits.badCost", { params: { got: String(cost) } });
  }
  const own = caller.limits;
  const ofCaller = own === undefined || own.length === 0 ? NONE : table.ofCredential(own);
  const ofPlace = place === undefined || place.limits.length === 0 ? NONE : table.ofPlace(place);
  if (ofCaller.length === 0) return { request, counters: ofPlace, cost };
  if (ofPlace.length === 0) return { request, counters: ofCaller, cost };
  // A named policy may be met twice; it counts a call once.
  const others = ofPlace.filter((each) => !ofCaller.includes(each));
  return { request, counters: [...ofCaller, ...others], cost };
}

const NONE: readonly Counter[] = [];

function decide(asked: Asked, throttle: Throttle): Answer {
  if (!throttle.isIdle) {
    const waitedFor = asked.counters.find(
      (counter) =>
        counter.policy.delay !== undefined &&
        throttle.isWaitedFor(countName(counter, asked.request)),
    );
    if (waitedFor !== undefined) return standBehind(asked, throttle, waitedFor);
  }
  const answer = attempt(asked, throttle);
  if (!(answer instanceof Promise))
    return answer.allowed ? answer : heldBack(asked, throttle, answer);
  return answer.then((decision) =>
    decision.allowed ? decision : heldBack(asked, throttle, decision),
  );
}

/** Looks and takes, without waiting for anything but the store. */
function attempt(asked: Asked, throttle: Throttle, round = 0): Answer {
  const look = lookAt(asked);
  if (look.kind === "full") return refuse(look.counters);
  if (look.kind === "free")
    return releasing(charge(look.counters), { asked, throttle, counters: look.counters });
  if (round >= ROUNDS_MAX) return refuse(asked.counters);
  return fetchAll(asked, look.counters).then(() => attempt(asked, throttle, round + 1));
}

async function fetchAll({ request, cost }: Asked, counters: readonly Counter[]): Promise<void> {
  const fetches = counters.map(async (counter) => {
    await counter.reserve?.(countName(counter, request), cost * counter.policy.cost);
  });
  await Promise.all(fetches);
}

interface Charged {
  readonly asked: Asked;
  readonly throttle: Throttle;
  readonly counters: readonly Counter[];
}

function releasing(decision: LimitDecision, { asked, throttle, counters }: Charged): LimitDecision {
  const { request, cost } = asked;
  if (cost === 0 || !counters.some((counter) => counter.release !== undefined)) return decision;
  let isReleased = false;
  const release = (): void => {
    if (isReleased) return;
    isReleased = true;
    for (const counter of counters) {
      if (counter.release === undefined) continue;
      const name = countName(counter, request);
      counter.release(name, cost * counter.policy.cost);
      throttle.wake(name);
    }
  };
  return { ...decision, release };
}

/** Holds a refused call back where every policy that refuses it says so, and its time would be enough. */
function heldBack(asked: Asked, throttle: Throttle, refusal: LimitDecision): Answer {
  const { states = [refusal] } = refusal;
  const refusing = asked.counters.filter(({ policy }) =>
    states.some(({ allowed, policy: name }) => !allowed && name === policy.name),
  );
  const [first] = refusing;
  if (first === undefined) return refusal;
  const isPatient = refusing.every(
    ({ policy }) =>
      policy.delay !== undefined &&
      (policy.algorithm === "concurrency" || refusal.resetMs <= policy.delay.delayMs),
  );
  return isPatient ? standBehind(asked, throttle, first, refusal) : refusal;
}

function standBehind(
  asked: Asked,
  throttle: Throttle,
  ...[counter, known]: [Counter, LimitDecision?]
): Answer {
  const { delay } = counter.policy;
  const name = countName(counter, asked.request);
  if (delay === undefined) return known ?? attempt(asked, throttle);
  return throttle.hold(name, {
    patience: delay,
    retry: () => attempt(asked, throttle),
    refusal: known ?? queueIsFull(asked),
  });
}

/** The refusal of a call that was not looked at, since others wait before it. */
function queueIsFull(asked: Asked): LimitDecision {
  const look = lookAt(asked);
  const refusal = refuse(look.kind === "unknown" ? asked.counters : look.counters);
  return { ...refusal, allowed: false, resetMs: Math.max(1, refusal.resetMs) };
}
