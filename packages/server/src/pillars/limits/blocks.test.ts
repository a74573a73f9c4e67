import { fakeClock } from "portico/testing";
import { describe, expect, it } from "vitest";
import { call, limiterBench } from "./limiter-bench.fixture.ts";
import { memoryStore } from "./store/index.ts";
import type { LimitStore, Reservation } from "./store/index.ts";

const daily = { limit: 1_000, window: "day", algorithm: "fixed" } as const;

/** A store that tells what it was asked, and fails when told to. */
function watched(now: () => number): LimitStore & { asked: Reservation[]; isAway: boolean } {
  const inner = memoryStore(now);
  const store: LimitStore & { asked: Reservation[]; isAway: boolean } = {
    asked: [],
    isAway: false,
    reserve: (reservation: Reservation) => {
      store.asked.push(reservation);
      return store.isAway ? Promise.reject(new Error("away")) : inner.reserve(reservation);
    },
    giveBack: (reservation, tokens) => inner.giveBack(reservation, tokens),
  };
  return store;
}

describe("a window longer than a minute", () => {
  it("asks the store once for a block and is synchronous until it is used", async () => {
    const clock = fakeClock();
    const store = watched(clock.now);
    const limiter = limiterBench({ clock, store });
    expect((await limiter.take(call("a", daily))).remaining).toBe(999);
    for (let round = 1; round < 10; round += 1) {
      expect(limiter.takeNow(call("a", daily))).toMatchObject({
        allowed: true,
        remaining: 999 - round,
      });
    }
    const eleventh = limiter.take(call("a", daily));
    expect(eleventh).toBeInstanceOf(Promise);
    await eleventh;
    expect(store.asked).toHaveLength(2);
  });

  it("asks the store once for calls that come together, for all that they need", async () => {
    const clock = fakeClock();
    const store = watched(clock.now);
    const limiter = limiterBench({ clock, store });
    const all = await Promise.all(
      Array.from({ length: 50 }, async () => await limiter.take(call("a", daily))),
    );
    expect(all.every(({ allowed }) => allowed)).toBe(true);
    expect(store.asked.map(({ wanted }) => wanted)).toEqual([50]);
  });

  it("lets exactly the limit through, then refuses without asking the store for each", async () => {
    const clock = fakeClock();
    const store = watched(clock.now);
    const limiter = limiterBench({ clock, store });
    let admitted = 0;
    for (let round = 0; round < 1_500; round += 1) {
      if ((await limiter.take(call("a", daily))).allowed) admitted += 1;
    }
    expect(admitted).toBe(1_000);
    const before = store.asked.length;
    for (let round = 0; round < 100; round += 1) limiter.takeNow(call("a", daily));
    expect(store.asked.length).toBe(before);
    const refused = limiter.takeNow(call("a", daily));
    expect(refused).toMatchObject({ allowed: false, remaining: 0, resetMs: 86_400_000 });
  });

  it("loses at most a hundredth to a crash, and nothing to a stop", async () => {
    const clock = fakeClock();
    const store = memoryStore(clock.now);
    const crashed = limiterBench({ clock, store });
    await crashed.take(call("a", daily));
    const stopped = limiterBench({ clock, store });
    await stopped.take(call("a", daily));
    await stopped.close();
    const next = limiterBench({ clock, store });
    let admitted = 0;
    while ((await next.take(call("a", daily))).allowed) admitted += 1;
    expect(admitted).toBe(1_000 - 10 - 1);
  });

  it("two processes share the last tokens instead of keeping blocks from each other", async () => {
    const clock = fakeClock();
    const store = memoryStore(clock.now);
    const processes = [limiterBench({ clock, store }), limiterBench({ clock, store })];
    let admitted = 0;
    for (let round = 0; round < 1_200; round += 1) {
      const limiter = processes[round % 2];
      if ((await limiter?.take(call("a", daily)))?.allowed === true) admitted += 1;
    }
    expect(admitted).toBe(1_000);
  });

  it("gives a steady caller of a bucket all of his rate", async () => {
    const limiter = limiterBench();
    for (let round = 0; round < 1_000; round += 1) {
      expect((await limiter.take(call("a", "300/h"))).allowed).toBe(true);
      await limiter.clock.advance(12_000);
    }
  });

  it("does not let a block that was kept come on top of a full burst", async () => {
    const limiter = limiterBench();
    await limiter.take(call("a", "1000/h"));
    await limiter.clock.advance(3_600_000);
    let admitted = 0;
    while ((await limiter.take(call("a", "1000/h"))).allowed) admitted += 1;
    expect(admitted).toBe(1_000);
  });

  it("only looks with a cost of zero", async () => {
    const limiter = limiterBench();
    const look = { ...call("a", daily), cost: 0 };
    expect(await limiter.take(look)).toMatchObject({ allowed: true, remaining: 1_000 });
    await limiter.take(call("a", daily));
    expect(await limiter.take(look)).toMatchObject({ allowed: true, remaining: 999 });
  });
});

describe("a store that is away", () => {
  it("a closed policy answers 503 and an open one lets pass; neither is counted, and the rest still is", async () => {
    const clock = fakeClock();
    const store = watched(clock.now);
    store.isAway = true;
    const limiter = limiterBench({ clock, store });
    await expect(limiter.take(call("a", daily, "2/min"))).rejects.toMatchObject({
      code: "request.limitsUnavailable",
      status: 503,
    });
    const open = { ...daily, onStoreFailure: "open" } as const;
    expect((await limiter.take(call("a", open, "2/min"))).allowed).toBe(true);
    expect((await limiter.take(call("a", open, "2/min"))).allowed).toBe(true);
    expect(await limiter.take(call("a", open, "2/min"))).toMatchObject({
      allowed: false,
      policy: "2/min",
    });
  });

  it("is asked once a second, and counts again when it is back", async () => {
    const clock = fakeClock();
    const store = watched(clock.now);
    store.isAway = true;
    const limiter = limiterBench({ clock, store });
    const open = { ...daily, onStoreFailure: "open" } as const;
    for (let round = 0; round < 20; round += 1) await limiter.take(call("a", open));
    expect(store.asked).toHaveLength(1);
    store.isAway = false;
    await clock.advance(1_000);
    expect((await limiter.take(call("a", open))).remaining).toBe(999);
  });

  it("what was reserved before is used first", async () => {
    const clock = fakeClock();
    const store = watched(clock.now);
    const limiter = limiterBench({ clock, store });
    await limiter.take(call("a", daily));
    store.isAway = true;
    for (let round = 0; round < 9; round += 1) limiter.takeNow(call("a", daily));
    await expect(limiter.take(call("a", daily))).rejects.toMatchObject({ status: 503 });
  });
});

describe("a store that is far away", () => {
  it("a token is worked off from its use on, not from its reservation on", async () => {
    const clock = fakeClock();
    const near = memoryStore(clock.now);
    let backMs = 15;
    const store: LimitStore = {
      giveBack: (reservation, tokens) => near.giveBack(reservation, tokens),
      reserve: async (reservation) => {
        const reserved = await near.reserve(reservation);
        await clock.advance(backMs);
        return reserved;
      },
    };
    const limiter = limiterBench({ clock, store });
    const one = call("a", { limit: 5, window: "hour", burst: 1 });
    expect((await limiter.take(one)).allowed).toBe(true);
    const usedAt = clock.monotonic();
    backMs = 0;
    await clock.advance(720_000 - 15);
    expect((await limiter.take(one)).allowed).toBe(false);
    await clock.advance(20);
    expect((await limiter.take(one)).allowed).toBe(true);
    expect(clock.monotonic() - usedAt).toBeGreaterThanOrEqual(720_000);
  });
});
