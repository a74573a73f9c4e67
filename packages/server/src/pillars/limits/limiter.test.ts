import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryLimiter } from "./limiter.ts";
import type { MemoryLimiter } from "./limiter.ts";

interface Bench extends MemoryLimiter {
  move(ms: number): void;
}

function bench(bucketsMax = 1_000_000): Bench {
  let nowMs = 0;
  const limiter = memoryLimiter({ clock: { monotonic: () => nowMs }, bucketsMax });
  return { ...limiter, move: (ms) => (nowMs += ms) };
}

function call(subject: string, ...rates: string[]): Parameters<MemoryLimiter["take"]>[0] {
  return { subject, counts: [{ name: "notes.create", rates }] };
}

describe("take", () => {
  it("admits a burst of the limit, refuses the next and says when to come back", () => {
    const limiter = bench();
    const taken = [1, 2, 3].map(() => limiter.take(call("a", "3/min")));
    expect(taken.map(({ allowed, remaining }) => [allowed, remaining])).toEqual([
      [true, 2],
      [true, 1],
      [true, 0],
    ]);
    expect(taken[2]).toEqual({
      allowed: true,
      policy: "3/min",
      limit: 3,
      windowMs: 60_000,
      remaining: 0,
      resetMs: 60_000,
    });
    expect(limiter.take(call("a", "3/min"))).toEqual({
      allowed: false,
      policy: "3/min",
      limit: 3,
      windowMs: 60_000,
      remaining: 0,
      resetMs: 20_000,
    });
  });

  it("admits exactly at the promised moment and not a millisecond before", () => {
    const limiter = bench();
    for (let round = 0; round < 7; round += 1) limiter.take(call("a", "7/min"));
    const { resetMs } = limiter.take(call("a", "7/min"));
    limiter.move(resetMs - 1);
    expect(limiter.take(call("a", "7/min")).allowed).toBe(false);
    limiter.move(1);
    expect(limiter.take(call("a", "7/min")).allowed).toBe(true);
  });

  it("counts subjects, names and rates apart", () => {
    const limiter = bench();
    expect(limiter.take(call("a", "1/min")).allowed).toBe(true);
    expect(limiter.take(call("b", "1/min")).allowed).toBe(true);
    expect(
      limiter.take({ subject: "a", counts: [{ name: "notes.list", rates: ["1/min"] }] }).allowed,
    ).toBe(true);
    expect(limiter.take(call("a", "1/h")).allowed).toBe(true);
    expect(limiter.take(call("a", "1/min")).allowed).toBe(false);
  });

  it("takes from no rate when one of several refuses", () => {
    const limiter = bench();
    limiter.take(call("a", "1/s"));
    for (let round = 0; round < 5; round += 1) {
      expect(limiter.take(call("a", "2/min", "1/s"))).toMatchObject({
        allowed: false,
        policy: "1/s",
      });
    }
    expect(limiter.take(call("a", "2/min"))).toMatchObject({ allowed: true, remaining: 1 });
  });

  it("takes nothing from the credential when the route refuses, and the other way about", () => {
    const limiter = bench();
    const both = (route: string): boolean =>
      limiter.take({
        subject: "a",
        counts: [
          { name: "credential", rates: ["2/min"] },
          { name: route, rates: ["1/min"] },
        ],
      }).allowed;
    expect([both("one"), both("one"), both("one")]).toEqual([true, false, false]);
    expect([both("two"), both("three")]).toEqual([true, false]);
  });

  it("answers the tightest of several rates that admit, and the longest wait of several that refuse", () => {
    const limiter = bench();
    expect(limiter.take(call("a", "10/min", "2/s"))).toMatchObject({ policy: "2/s", remaining: 1 });
    const other = bench();
    other.take(call("a", "1/min", "1/h"));
    expect(other.take(call("a", "1/min", "1/h"))).toMatchObject({ allowed: false, policy: "1/h" });
  });

  it("weighs a call by its cost, lets a cost of zero only look, and never admits more than the limit at once", () => {
    const limiter = bench();
    expect(limiter.take({ ...call("a", "10/min"), cost: 0 })).toMatchObject({ remaining: 10 });
    expect(limiter.take({ ...call("a", "10/min"), cost: 7 })).toMatchObject({ remaining: 3 });
    expect(limiter.take({ ...call("a", "10/min"), cost: 4 })).toMatchObject({
      allowed: false,
      remaining: 3,
    });
    expect(limiter.take({ ...call("b", "10/min"), cost: 11 }).allowed).toBe(false);
  });

  it("counts nothing without a rate", () => {
    const limiter = bench();
    expect(limiter.take(call("a")).allowed).toBe(true);
    expect(limiter.size()).toBe(0);
  });

  it.each(["", "60", "0/min", "60/minute", "-1/s", "1.5/s", "9007199254740991/d"])(
    "refuses the rate %j by name",
    (rate) => {
      expect(() => bench().take(call("a", rate))).toThrow(
        expect.objectContaining({ code: "limits.badRate" }),
      );
    },
  );

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("refuses a cost of %d", (cost) => {
    expect(() => bench().take({ ...call("a", "1/s"), cost })).toThrow(
      expect.objectContaining({ code: "limits.badCost" }),
    );
  });
});

describe("in any interleaving", () => {
  const rates = ["1/s", "3/s", "7/min", "60/min", "11/h"] as const;
  const limits: Record<string, { readonly limit: number; readonly windowMs: number }> = {
    "1/s": { limit: 1, windowMs: 1_000 },
    "3/s": { limit: 3, windowMs: 1_000 },
    "7/min": { limit: 7, windowMs: 60_000 },
    "60/min": { limit: 60, windowMs: 60_000 },
    "11/h": { limit: 11, windowMs: 3_600_000 },
  };
  const step = fc.record({
    // Backwards too: by contract the monotonic clock never does so, and if one did it must admit nobody.
    moveMs: fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: -90_000, max: 90_000 }),
      fc.constant(3_600_000),
    ),
    subject: fc.constantFrom("a", "b", "c"),
    rates: fc.subarray([...rates], { minLength: 1 }),
    cost: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, fc.integer({ min: 0, max: 5 })),
  });

  interface Taken {
    readonly atMs: number;
    readonly cost: number;
  }

  /** Every stretch of time holds at most a burst plus what it refills: `limit + limit × stretch / window`. */
  function expectNoneTooMany(taken: readonly Taken[], rate: string): void {
    const { limit, windowMs } = limits[rate] ?? { limit: 0, windowMs: 1 };
    for (const [from, first] of taken.entries()) {
      let cost = 0;
      for (const last of taken.slice(from)) {
        cost += last.cost;
        expect(cost * windowMs).toBeLessThanOrEqual(
          limit * windowMs + (last.atMs - first.atMs) * limit,
        );
      }
    }
  }

  it.each([1_000_000, 2])(
    "no rate ever admits too many, with room for %d buckets",
    (bucketsMax) => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
          const limiter = bench(bucketsMax);
          let nowMs = 0;
          let highestMs = 0;
          const taken = new Map<string, Taken[]>();
          for (const { moveMs, subject, rates, cost } of steps) {
            limiter.move(moveMs);
            nowMs += moveMs;
            highestMs = Math.max(highestMs, nowMs);
            if (!limiter.take({ subject, counts: [{ name: "n", rates }], cost }).allowed) continue;
            for (const rate of rates) {
              const list = taken.get(`${rate} ${subject}`) ?? [];
              list.push({ atMs: highestMs, cost });
              taken.set(`${rate} ${subject}`, list);
            }
          }
          for (const [name, list] of taken) expectNoneTooMany(list, name.split(" ")[0] ?? "");
        }),
        { numRuns: 300 },
      );
    },
  );

  it("a steady caller at the rate is never refused", () => {
    fc.assert(
      fc.property(fc.constantFrom(...rates), fc.integer({ min: 0, max: 5 }), (rate, jitterMs) => {
        const limiter = bench();
        const { limit, windowMs } = limits[rate] ?? { limit: 1, windowMs: 1 };
        for (let round = 0; round < 3 * limit; round += 1) {
          expect(limiter.take(call("a", rate)).allowed).toBe(true);
          limiter.move(Math.ceil(windowMs / limit) + jitterMs);
        }
      }),
    );
  });

  it("a refused call consumes nothing: whoever hammers gets in as early as whoever waits", () => {
    const [patient, hammering] = [bench(), bench()];
    for (const limiter of [patient, hammering]) limiter.take(call("a", "1/min"));
    for (let ms = 0; ms < 59_999; ms += 101) {
      hammering.move(Math.min(101, 59_999 - ms));
      expect(hammering.take(call("a", "1/min")).allowed).toBe(false);
    }
    patient.move(60_000);
    hammering.move(1);
    expect(patient.take(call("a", "1/min")).allowed).toBe(true);
    expect(hammering.take(call("a", "1/min")).allowed).toBe(true);
  });
});

describe("memory", () => {
  it("holds a million subjects of one window and none of them two windows later", () => {
    const limiter = bench(2_000_000);
    for (let subject = 0; subject < 1_000_000; subject += 1)
      limiter.take(call(String(subject), "1/min"));
    expect(limiter.size()).toBe(1_000_000);
    for (let turn = 0; turn < 2; turn += 1) {
      limiter.move(60_000);
      limiter.take(call("x", "1/min"));
    }
    expect(limiter.size()).toBe(1);
  });

  it("forgets nobody who still owes", () => {
    const limiter = bench();
    limiter.move(59_999);
    for (let round = 0; round < 60; round += 1) limiter.take(call("a", "60/min"));
    limiter.move(2);
    limiter.take(call("b", "60/min"));
    limiter.move(997);
    expect(limiter.take(call("a", "60/min")).allowed).toBe(false);
  });

  it("stays within its bound, and subjects beyond it share buckets instead of passing freely", () => {
    const limiter = bench(1_000);
    let admitted = 0;
    for (let subject = 0; subject < 50_000; subject += 1) {
      if (limiter.take(call(String(subject), "1/min")).allowed) admitted += 1;
    }
    expect(limiter.size()).toBeLessThanOrEqual(1_000 + 4_096);
    expect(admitted).toBeLessThanOrEqual(1_000 + 4_096);
    expect(limiter.take(call("0", "1/min")).allowed).toBe(false);
  });
});
