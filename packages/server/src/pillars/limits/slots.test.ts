// Calls under way over several processes: each limiter here is one, over connections of its own.
import { systemClock } from "portico/kernel";
import type { LimitDecision, PluginContext } from "portico/kernel";
import { createTestApp, openTestDatabase, storeKinds } from "portico/testing";
import type { StoreKind, TestApp } from "portico/testing";
import { describe, expect, it } from "vitest";
import { call } from "./limiter-bench.fixture.ts";
import { createLimiter } from "./limiter.ts";
import type { CountingLimiter } from "./limiter.ts";
import { limits } from "./plugin.ts";
import { databaseSlots, databaseStore } from "./store/index.ts";

const kinds: readonly StoreKind[] = storeKinds.filter(
  (kind) => kind !== "postgres" || process.env["PORTICO_TEST_POSTGRES_URL"] !== undefined,
);

interface Bench extends AsyncDisposable {
  another(clock?: typeof systemClock): Promise<CountingLimiter>;
}

async function bench(kind: StoreKind): Promise<Bench> {
  const database = await openTestDatabase(kind);
  const apps: TestApp[] = [];
  const start = async (driver = database.driver): Promise<PluginContext> => {
    const [first] = apps;
    const sharing = first === undefined ? {} : { keyringOf: first };
    const app = await createTestApp({ plugins: [limits()], driver, runTwice: false, ...sharing });
    apps.push(app);
    return app.context("limits");
  };
  const ctx = await start();
  const made: CountingLimiter[] = [];
  return {
    another: async (clock = systemClock) => {
      const own = kind === "postgres" ? await start(await database.openAnother()) : ctx;
      const limiter = createLimiter({
        clock,
        bucketsMax: 10_000,
        store: databaseStore(own),
        slots: databaseSlots(own),
      });
      made.push(limiter);
      return limiter;
    },
    [Symbol.asyncDispose]: async () => {
      for (const limiter of made) await limiter.close();
      for (const app of apps) await app.stop();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** A process that is killed: none of its timers runs any more. */
const dead = { ...systemClock, after: () => () => undefined };
const three = { concurrency: 3 } as const;

describe.each(kinds)("calls under way over processes that share a database [%s]", (kind) => {
  it.concurrent(
    "are never more than the limit, whoever lets them in, and as many as it",
    async () => {
      await using it = await bench(kind);
      const processes = [await it.another(), await it.another(), await it.another()];
      let underWay = 0;
      let most = 0;
      let refused = 0;
      const caller = async (limiter: CountingLimiter | undefined, turns: number): Promise<void> => {
        for (let turn = 0; turn < turns; turn += 1) {
          const decision = await limiter?.take(call("a", { concurrency: 7 }));
          if (decision?.allowed !== true) {
            refused += 1;
            await new Promise((done) => setTimeout(done, 5));
            continue;
          }
          underWay += 1;
          most = Math.max(most, underWay);
          await new Promise((done) => setTimeout(done, 10));
          underWay -= 1;
          decision.release?.();
        }
      };
      const callers = Array.from({ length: 24 }, (_each, index) =>
        caller(processes[index % 3], 30),
      );
      await Promise.all(callers);
      expect(most).toBe(7);
      expect(refused).toBeGreaterThan(0);
      expect(underWay).toBe(0);
    },
    30_000,
  );

  it.concurrent(
    "leave their slots to another process within two seconds of their end",
    async () => {
      await using it = await bench(kind);
      const [one, other] = [await it.another(), await it.another()];
      const taken = await Promise.all([1, 2, 3].map(async () => await one.take(call("a", three))));
      expect(taken.map(({ allowed }) => allowed)).toEqual([true, true, true]);
      const refusal = await other.take(call("a", three));
      expect(refusal).toMatchObject({ allowed: false, limit: 3, remaining: 0, resetMs: 1_000 });
      expect((await other.take(call("b", three))).allowed).toBe(true);
      for (const decision of taken) decision.release?.();
      await expect
        .poll(async () => (await other.take(call("a", three))).allowed, { timeout: 4_000 })
        .toBe(true);
    },
    15_000,
  );

  it.concurrent(
    "of a process that was killed block nobody for longer than its lease",
    async () => {
      await using it = await bench(kind);
      const killed = await it.another(dead);
      const other = await it.another();
      for (let count = 0; count < 3; count += 1) {
        expect((await killed.take(call("a", three))).allowed).toBe(true);
      }
      expect((await other.take(call("a", three))).allowed).toBe(false);
      await expect
        .poll(async () => (await other.take(call("a", three))).allowed, {
          timeout: 9_000,
          interval: 250,
        })
        .toBe(true);
      // Were it alive after all, it would let nobody in on slots that others have by now.
      const late: LimitDecision[] = [];
      for (let count = 0; count < 3; count += 1) late.push(await killed.take(call("a", three)));
      expect(late.filter(({ allowed }) => allowed)).toEqual([]);
    },
    20_000,
  );

  it.concurrent(
    "keep their slots for as long as they last",
    async () => {
      await using it = await bench(kind);
      const [one, other] = [await it.another(), await it.another()];
      for (let count = 0; count < 3; count += 1) await one.take(call("a", three));
      await new Promise((done) => setTimeout(done, 7_000));
      expect((await other.take(call("a", three))).allowed).toBe(false);
    },
    20_000,
  );
});
