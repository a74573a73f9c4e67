import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CircuitBreaker } from "./breaker.ts";
import type { BreakerState } from "./breaker.ts";
import { Ejection } from "./ejection.ts";
import { RetryBudget } from "./retry-budget.ts";

describe("a circuit breaker", () => {
  const settings = { failureRatio: 0.5, callsMin: 4, windowMs: 1_000, openMs: 500, trialCalls: 2 };
  const made = (): { readonly breaker: CircuitBreaker; readonly states: BreakerState[] } => {
    const states: BreakerState[] = [];
    return { breaker: new CircuitBreaker(settings, (state) => states.push(state)), states };
  };

  it("opens at the share of failures, and not before there are enough calls", () => {
    const { breaker, states } = made();
    for (const outcome of ["failed", "failed", "ok"] as const) breaker.ended(outcome, 10);
    expect(breaker.waitMs(10)).toBe(0);
    breaker.ended("failed", 10);
    expect(states).toStrictEqual(["open"]);
    expect(breaker.waitMs(10)).toBe(500);
    expect(breaker.waitMs(509)).toBe(1);
  });

  it("forgets failures that lie further back than its window", () => {
    const { breaker } = made();
    for (const at of [0, 1, 2]) breaker.ended("failed", at);
    for (const at of [1_500, 1_501, 1_502, 1_503]) breaker.ended("ok", at);
    breaker.ended("failed", 1_504);
    expect(breaker.state).toBe("closed");
  });

  it("lets a few through after its time, and closes when all of them are well", () => {
    const { breaker, states } = made();
    for (let count = 0; count < 4; count += 1) breaker.ended("failed", 0);
    expect(breaker.waitMs(500)).toBe(0);
    breaker.began(500);
    expect(breaker.waitMs(500)).toBe(0);
    breaker.began(500);
    expect(breaker.waitMs(500)).toBeGreaterThan(0);
    breaker.ended("ok", 510);
    expect(breaker.state).toBe("halfOpen");
    breaker.ended("ok", 520);
    expect(states).toStrictEqual(["open", "halfOpen", "closed"]);
    breaker.ended("failed", 530);
    expect(breaker.state).toBe("closed");
  });

  it("opens again at the first trial that fails; one whose caller left is tried again", () => {
    const { breaker } = made();
    for (let count = 0; count < 4; count += 1) breaker.ended("failed", 0);
    breaker.began(500);
    breaker.began(500);
    breaker.ended("none", 510);
    expect(breaker.waitMs(510)).toBe(0);
    breaker.began(510);
    breaker.ended("failed", 520);
    expect(breaker.state).toBe("open");
    expect(breaker.waitMs(520)).toBe(500);
  });
});

describe("a target that fails calls", () => {
  it("is left out after as many within the window, for its time", () => {
    let ejections = 0;
    const ejection = new Ejection({ failures: 3, windowMs: 100, ejectMs: 50 }, () => {
      ejections += 1;
    });
    for (const at of [0, 90, 110]) ejection.failed(at);
    expect(ejection.waitMs(110)).toBe(0);
    ejection.failed(120);
    expect(ejection.waitMs(120)).toBe(50);
    expect(ejection.waitMs(170)).toBe(0);
    ejection.failed(171);
    expect(ejection.waitMs(171)).toBe(0);
    expect(ejections).toBe(1);
  });
});

describe("a budget of retries", () => {
  it("never gives more than its share of the calls, besides three to begin with", () => {
    const ratio = fc.constantFrom(0, 0.1, 0.2, 0.5, 1);
    fc.assert(
      fc.property(ratio, fc.array(fc.boolean(), { maxLength: 500 }), (share, steps) => {
        const budget = new RetryBudget(share);
        let [calls, retries] = [0, 0];
        for (const isCall of steps) {
          if (isCall) {
            calls += 1;
            budget.earn();
          } else if (budget.spend()) {
            retries += 1;
          }
          expect(retries).toBeLessThanOrEqual(3 + share * calls + 1e-6);
        }
      }),
      { seed: 20, numRuns: 300 },
    );
  });

  it("gives a fifth of the calls when everything fails, to the call", () => {
    const budget = new RetryBudget(0.2);
    let retries = 0;
    for (let call = 0; call < 1_000; call += 1) {
      budget.earn();
      if (budget.spend()) retries += 1;
    }
    expect(retries).toBe(203);
  });
});
