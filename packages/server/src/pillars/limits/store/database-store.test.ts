import { systemClock } from "portico/kernel";
import type { PluginContext } from "portico/kernel";
import { createTestApp, openTestDatabase, storeKinds } from "portico/testing";
import type { StoreKind, TestApp } from "portico/testing";
import { describe, expect, it } from "vitest";
import { call, policyOf } from "../limiter-bench.fixture.ts";
import { createLimiter } from "../limiter.ts";
import type { CountingLimiter } from "../limiter.ts";
import { limits } from "../plugin.ts";
import { databaseStore, purgeCounts } from "./database-store.ts";
import type { Reservation } from "./limit-store.ts";

// A copy of this folder beside the installed package has no PostgreSQL.
const kinds: readonly StoreKind[] = storeKinds.filter(
  (kind) => kind !== "postgres" || process.env["PORTICO_TEST_POSTGRES_URL"] !== undefined,
);
const daily = { limit: 200, window: "day", algorithm: "fixed" } as const;

interface Bench extends AsyncDisposable {
  readonly ctx: PluginContext;
  /** A limiter as another process would have it: on PostgreSQL over connections of its own. */
  another(): Promise<CountingLimiter>;
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
  return {
    ctx,
    another: async () => {
      const own = kind === "postgres" ? await start(await database.openAnother()) : ctx;
      return createLimiter({ clock: systemClock, bucketsMax: 10_000, store: databaseStore(own) });
    },
    [Symbol.asyncDispose]: async () => {
      for (const app of apps) await app.stop();
      await database[Symbol.asyncDispose]();
    },
  };
}

describe.each(kinds)("counts in the database [%s]", (kind) => {
  it("never let two processes admit more than the limit between them, nor less", async () => {
    await using it = await bench(kind);
    const processes = [await it.another(), await it.another()];
    for (const [subject, spec] of [
      ["a", daily],
      ["b", { limit: 200, window: 7_200_000 }],
    ] as const) {
      const request = call(subject, spec);
      const decisions = await Promise.all(
        Array.from({ length: 500 }, async (_, index) => processes[index % 2]?.take(request)),
      );
      const admitted = decisions.filter((decision) => decision?.allowed === true).length;
      expect(admitted).toBeLessThanOrEqual(200);
      expect(admitted).toBeGreaterThanOrEqual(198);
    }
  });

  it("outlive a process that was killed, and lose to its callers at most what it held", async () => {
    await using it = await bench(kind);
    const killed = await it.another();
    for (let round = 0; round < 51; round += 1) await killed.take(call("a", daily));
    const next = await it.another();
    let admitted = 0;
    while ((await next.take(call("a", daily))).allowed) admitted += 1;
    expect(admitted).toBeLessThanOrEqual(149);
    expect(admitted).toBeGreaterThanOrEqual(147);
  });

  it("take back at a stop what no call has used", async () => {
    await using it = await bench(kind);
    const stopped = await it.another();
    await stopped.take(call("a", daily));
    await stopped.close();
    const next = await it.another();
    expect((await next.take({ ...call("a", daily), cost: 0 })).remaining).toBe(199);
  });

  it("keep subjects of any text and length apart", async () => {
    await using it = await bench(kind);
    const limiter = await it.another();
    const one = { limit: 1, window: "day", algorithm: "fixed" } as const;
    const subjects = ["a", "a ", "A", "\u{1f511}", "x".repeat(5_000), `${"x".repeat(4_999)}y`];
    for (const subject of subjects) {
      expect((await limiter.take(call(subject, one))).allowed).toBe(true);
      expect((await limiter.take(call(subject, one))).allowed).toBe(false);
    }
  });

  it("are deleted a day after they count nothing any more, and no sooner", async () => {
    await using it = await bench(kind);
    const store = databaseStore(it.ctx);
    const wish = (window: number): Reservation => ({
      name: "old",
      policy: policyOf(daily),
      window,
      least: 1,
      wanted: 1,
      marginMs: 0,
    });
    const today = Date.now() - (Date.now() % 86_400_000);
    const longAgo = Date.UTC(2020, 0, 1);
    for (const window of [today, longAgo]) await store.reserve(wish(window));
    await purgeCounts(it.ctx);
    const left = async (window: number): Promise<number> =>
      (await store.reserve({ ...wish(window), least: 0, wanted: 0 })).left;
    expect(await left(today)).toBe(199);
    expect(await left(longAgo)).toBe(200);
  });
});
