import { describe, expect, it } from "vitest";
import { call, limiterBench } from "./limiter-bench.fixture.ts";

const spec = { limit: 60, burst: 1, action: { delayMs: 2_500, queueMax: 3 } } as const;

describe("a policy that delays", () => {
  it("holds calls back in their order, and refuses those whose time is over", async () => {
    const limiter = limiterBench();
    const told: string[] = [];
    const take = async (name: string): Promise<void> => {
      const { allowed } = await limiter.take(call("a", spec));
      told.push(`${name} ${allowed ? "passes" : "is refused"} at ${limiter.clock.monotonic()}`);
    };
    const all = ["first", "second", "third", "fourth", "fifth"].map(take);
    await limiter.clock.advance(0);
    for (let ms = 0; ms < 4_000; ms += 100) await limiter.clock.advance(100);
    await Promise.all(all);
    expect(told).toEqual([
      "first passes at 0",
      "fifth is refused at 0",
      "second passes at 1000",
      "third passes at 2000",
      "fourth is refused at 2500",
    ]);
  });

  it("a call that comes later does not overtake those who wait", async () => {
    const limiter = limiterBench();
    await limiter.take(call("a", spec));
    const order: number[] = [];
    const waiting = Promise.resolve(limiter.take(call("a", spec))).then(() => order.push(1));
    await limiter.clock.advance(999);
    const late = Promise.resolve(limiter.take(call("a", spec))).then(() => order.push(2));
    await limiter.clock.advance(1);
    await limiter.clock.advance(1_000);
    await Promise.all([waiting, late]);
    expect(order).toEqual([1, 2]);
  });

  it("refuses at once what its time would not be enough for, and what another policy refuses", async () => {
    const limiter = limiterBench();
    const short = { ...spec, action: { delayMs: 10, queueMax: 3 } } as const;
    limiter.takeNow(call("a", short));
    expect(limiter.takeNow(call("a", short)).allowed).toBe(false);
    const both = call("b", spec, "1/min");
    limiter.takeNow(both);
    expect(limiter.takeNow(both)).toMatchObject({ allowed: false, policy: "1/min" });
  });

  it("a call that was refused after waiting has taken nothing", async () => {
    const limiter = limiterBench();
    const tight = { limit: 2, burst: 1, action: { delayMs: 29_999, queueMax: 3 } } as const;
    limiter.takeNow(call("a", tight));
    expect(limiter.takeNow(call("a", tight)).allowed).toBe(false);
    const patient = { ...tight, action: { delayMs: 30_000, queueMax: 1 } };
    const other = limiterBench();
    other.takeNow(call("a", patient));
    const first = other.take(call("a", patient));
    expect((await other.take(call("a", patient))).allowed).toBe(false);
    await other.clock.advance(30_000);
    expect((await first).allowed).toBe(true);
    await other.clock.advance(30_000);
    expect((await other.take(call("a", patient))).allowed).toBe(true);
  });

  it("lets a call that waits for another to end begin when it does", async () => {
    const limiter = limiterBench();
    const one = { concurrency: 1, action: { delayMs: 5_000, queueMax: 10 } } as const;
    const first = limiter.takeNow(call("a", one));
    const second = limiter.take(call("a", one));
    await limiter.clock.advance(100);
    first.release?.();
    await limiter.clock.advance(0);
    const decision = await second;
    expect([decision.allowed, limiter.clock.monotonic()]).toEqual([true, 100]);
    const third = limiter.take(call("a", one));
    await limiter.clock.advance(5_000);
    expect((await third).allowed).toBe(false);
    decision.release?.();
    expect(limiter.size()).toBe(0);
  });

  it("leaves others alone", async () => {
    const limiter = limiterBench();
    limiter.takeNow(call("a", spec));
    const held = limiter.take(call("a", spec));
    expect(limiter.takeNow(call("b", spec)).allowed).toBe(true);
    await limiter.clock.advance(1_000);
    expect((await held).allowed).toBe(true);
  });
});
