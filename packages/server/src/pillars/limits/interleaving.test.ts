import fc from "fast-check";
import { fakeClock } from "portico/testing";
import type { FakeClock } from "portico/testing";
import { describe, expect, it } from "vitest";
import { call, limiterBench, policyOf } from "./limiter-bench.fixture.ts";
import { memoryStore } from "./store/index.ts";
import type { LimitStore } from "./store/index.ts";

interface Taken {
  readonly atMs: number;
  readonly cost: number;
}

const buckets = [
  "1/s",
  "3/s",
  "7/min",
  "60/min",
  { limit: 6, burst: 2 },
  { limit: 2, burst: 9 },
] as const;

/** Every stretch of time holds at most a burst plus what it refills: `burst + limit × stretch / window`. */
function expectBucket(taken: readonly Taken[], spec: Parameters<typeof policyOf>[0]): void {
  const { limit, windowMs, burst } = policyOf(spec);
  for (const [from, first] of taken.entries()) {
    let cost = 0;
    for (const last of taken.slice(from)) {
      cost += last.cost;
      expect(cost * windowMs).toBeLessThanOrEqual(
        burst * windowMs + (last.atMs - first.atMs) * limit,
      );
    }
  }
}

function expectWindows(taken: readonly Taken[], limit: number, windowMs: number): void {
  const used = new Map<number, number>();
  for (const { atMs, cost } of taken) {
    const window = Math.floor(atMs / windowMs);
    used.set(window, (used.get(window) ?? 0) + cost);
  }
  for (const each of used.values()) expect(each).toBeLessThanOrEqual(limit);
}

describe("in any interleaving", () => {
  const step = fc.record({
    moveMs: fc.oneof(
      { weight: 6, arbitrary: fc.constant(0) },
      fc.integer({ min: 0, max: 400 }),
      fc.integer({ min: 0, max: 90_000 }),
      fc.constant(3_600_000),
    ),
    subject: fc.constantFrom("a", "b", "c"),
    specs: fc.subarray([...buckets], { minLength: 1 }),
    cost: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, fc.integer({ min: 0, max: 5 })),
  });

  it.each([1_000_000, 2])("no bucket admits too many, with room for %d", async (bucketsMax) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 100 }), async (steps) => {
        const limiter = limiterBench({ bucketsMax });
        const taken = new Map<string, Taken[]>();
        for (const { moveMs, subject, specs, cost } of steps) {
          if (moveMs > 0) await limiter.clock.advance(moveMs);
          if (!limiter.takeNow({ ...call(subject, ...specs), cost }).allowed) continue;
          for (const spec of specs) {
            const name = `${JSON.stringify(spec)} ${subject}`;
            taken.set(name, [
              ...(taken.get(name) ?? []),
              { atMs: limiter.clock.monotonic(), cost },
            ]);
          }
        }
        for (const spec of buckets) {
          for (const subject of ["a", "b", "c"]) {
            expectBucket(taken.get(`${JSON.stringify(spec)} ${subject}`) ?? [], spec);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("no fixed window admits too many, were the clock set forth and back", async () => {
    const moves = fc.record({
      moveMs: fc.integer({ min: 0, max: 30_000 }),
      setMs: fc.option(fc.integer({ min: -400_000, max: 400_000 }), { freq: 5 }),
      cost: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(moves, { maxLength: 100 }), async (steps) => {
        const limiter = limiterBench();
        const spec = { limit: 5, window: "fixed" } as const;
        // By the time that never goes back: it is what windows turn by.
        const taken: Taken[] = [];
        let highestMs = limiter.clock.now();
        let seenAt = limiter.clock.monotonic();
        for (const { moveMs, setMs, cost } of steps) {
          if (moveMs > 0) await limiter.clock.advance(moveMs);
          if (setMs !== null) limiter.clock.set(limiter.clock.now() + setMs);
          highestMs = Math.max(limiter.clock.now(), highestMs + limiter.clock.monotonic() - seenAt);
          seenAt = limiter.clock.monotonic();
          const request = { ...call("a", spec), cost };
          if (limiter.takeNow(request).allowed) taken.push({ atMs: highestMs, cost });
        }
        expectWindows(taken, 5, 60_000);
      }),
      { numRuns: 100 },
    );
  });

  it("never are more calls under way than allowed, whatever the order of their ends", () => {
    const moves = fc.array(fc.record({ begins: fc.boolean(), which: fc.nat(20) }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(moves, (steps) => {
        const limiter = limiterBench();
        const underWay: (() => void)[] = [];
        let wrong = 0;
        for (const { begins, which } of steps) {
          if (begins) {
            const { allowed, release } = limiter.takeNow(call("a", { concurrency: 3 }));
            wrong += allowed === underWay.length < 3 ? 0 : 1;
            if (release !== undefined) underWay.push(release);
          } else {
            underWay.splice(which % Math.max(1, underWay.length), 1)[0]?.();
          }
        }
        for (const release of underWay) release();
        expect(wrong).toBe(0);
        expect(limiter.size()).toBe(0);
      }),
    );
  });

  it("a steady caller at the rate is never refused", async () => {
    for (const spec of ["1/s", "3/s", "7/min", "60/min"] as const) {
      const limiter = limiterBench();
      const { limit, windowMs } = policyOf(spec);
      for (let round = 0; round < 3 * limit; round += 1) {
        expect(limiter.takeNow(call("a", spec)).allowed).toBe(true);
        await limiter.clock.advance(Math.ceil(windowMs / limit));
      }
    }
  });

  it("a refused call consumes nothing: whoever hammers gets in as early as whoever waits", async () => {
    const [patient, hammering] = [limiterBench(), limiterBench()];
    for (const limiter of [patient, hammering]) limiter.takeNow(call("a", "1/min"));
    for (let ms = 0; ms < 59_999; ms += 101) {
      await hammering.clock.advance(Math.min(101, 59_999 - ms));
      expect(hammering.takeNow(call("a", "1/min")).allowed).toBe(false);
    }
    await patient.clock.advance(60_000);
    await hammering.clock.advance(1);
    expect(patient.takeNow(call("a", "1/min")).allowed).toBe(true);
    expect(hammering.takeNow(call("a", "1/min")).allowed).toBe(true);
  });
});

/** A store that is some milliseconds away, there and back. */
function farStore(clock: FakeClock, ways: readonly (readonly [number, number])[]): LimitStore {
  const inner = memoryStore(clock.now);
  let asked = 0;
  return {
    ...inner,
    reserve: async (reservation) => {
      const [there, back] = ways[asked % ways.length] ?? [0, 0];
      asked += 1;
      await pass(clock, there);
      const reserved = await inner.reserve(reservation);
      await pass(clock, back);
      return reserved;
    },
  };
}

/** Lets time pass once everybody who was answered at this moment has noted it. */
async function pass(clock: FakeClock, ms: number): Promise<void> {
  if (ms === 0) return;
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  await clock.advance(ms);
}

describe("blocks of long windows, in any interleaving of processes and crashes", () => {
  const specs = [
    "5/h",
    "300/h",
    { limit: 100, window: "hour", burst: 3 },
    { limit: 40, window: "hour", algorithm: "fixed" },
    { limit: 1_000, window: "day", algorithm: "fixed" },
  ] as const;
  const step = fc.record({
    process: fc.nat(2),
    kind: fc.oneof(
      { weight: 20, arbitrary: fc.constant("take" as const) },
      { weight: 1, arbitrary: fc.constant("crash" as const) },
      { weight: 1, arbitrary: fc.constant("stop" as const) },
    ),
    calls: fc.integer({ min: 1, max: 40 }),
    cost: fc.oneof({ weight: 6, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 3 })),
    moveMs: fc.oneof(
      { weight: 3, arbitrary: fc.constant(0) },
      fc.integer({ min: 0, max: 5_000 }),
      fc.integer({ min: 0, max: 4_000_000 }),
      { weight: 3, arbitrary: fc.constant("promised" as const) },
    ),
  });

  const way = fc.oneof(
    fc.constant(0),
    fc.integer({ min: 0, max: 20 }),
    fc.integer({ min: 0, max: 90 }),
  );
  const ways = fc.array(fc.tuple(way, way), {
    minLength: 1,
    maxLength: 5,
  });

  it.each(specs.map((spec) => [spec] as const))("%j admits no call too many", async (spec) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), ways, async (steps, ways) => {
        const clock = fakeClock();
        const store = farStore(clock, ways);
        const start = () => limiterBench({ clock, store });
        const processes = [start(), start(), start()];
        const taken: Taken[] = [];
        let promisedMs = 0;
        for (const { process, kind, calls, cost, moveMs } of steps) {
          // The very moment that the last refusal named: where a millisecond too early would show.
          await clock.advance(
            moveMs === "promised" ? Math.max(0, promisedMs - clock.monotonic()) : moveMs,
          );
          const limiter = processes[process] ?? start();
          if (kind === "stop") await limiter.close();
          if (kind !== "take") processes[process] = start();
          else {
            const one = async (): Promise<void> => {
              const { allowed, resetMs } = await limiter.take({ ...call("a", spec), cost });
              if (allowed) taken.push({ atMs: clock.monotonic(), cost });
              else promisedMs = clock.monotonic() + resetMs;
            };
            await Promise.all(Array.from({ length: calls }, one));
          }
        }
        const { algorithm, limit, windowMs } = policyOf(spec);
        if (algorithm === "bucket") expectBucket(taken, spec);
        else
          expectWindows(
            taken.map((each) => ({ ...each, atMs: each.atMs + Date.UTC(2026, 0, 1) })),
            limit,
            windowMs,
          );
      }),
      { numRuns: 150 },
    );
  });
});
