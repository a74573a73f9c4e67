import { anonymous } from "portico/kernel";
import type { Caller } from "portico/kernel";
import { describe, expect, it } from "vitest";
import { call, limiterBench, placeOf, policyOf } from "./limiter-bench.fixture.ts";

describe("a bucket", () => {
  it("admits a burst of the limit, refuses the next and says when to come back", () => {
    const limiter = limiterBench();
    const taken = [1, 2, 3].map(() => limiter.takeNow(call("a", "3/min")));
    expect(taken.map(({ allowed, remaining }) => [allowed, remaining])).toEqual([
      [true, 2],
      [true, 1],
      [true, 0],
    ]);
    const figures = { policy: "3/min", limit: 3, windowMs: 60_000, remaining: 0 };
    expect(taken[2]).toEqual({ allowed: true, ...figures, resetMs: 60_000 });
    const refused = limiter.takeNow(call("a", "3/min"));
    expect(refused).toMatchObject({ allowed: false, ...figures, resetMs: 20_000 });
  });

  it("admits exactly at the promised moment and not a millisecond before", async () => {
    const limiter = limiterBench();
    for (let round = 0; round < 7; round += 1) limiter.takeNow(call("a", "7/min"));
    const { resetMs } = limiter.takeNow(call("a", "7/min"));
    await limiter.clock.advance(resetMs - 1);
    expect(limiter.takeNow(call("a", "7/min")).allowed).toBe(false);
    await limiter.clock.advance(1);
    expect(limiter.takeNow(call("a", "7/min")).allowed).toBe(true);
  });

  it("lets a burst of its own through, smaller or greater than the limit", () => {
    for (const burst of [2, 90]) {
      const limiter = limiterBench();
      const spec = { limit: 60, burst };
      for (let round = 0; round < burst; round += 1) {
        expect(limiter.takeNow(call("a", spec)).allowed).toBe(true);
      }
      const refused = limiter.takeNow(call("a", spec));
      expect(refused).toMatchObject({ allowed: false, policy: `60/min burst ${burst}` });
      expect(refused.resetMs).toBe(1_000);
    }
  });

  it("is not refilled by setting the machine's clock", () => {
    const limiter = limiterBench();
    limiter.takeNow(call("a", 1));
    limiter.clock.set(Date.UTC(2030, 0, 1));
    expect(limiter.takeNow(call("a", 1)).allowed).toBe(false);
  });
});

describe("a fixed window", () => {
  it.each([
    ["minute", "2026-01-01T00:00:59.999Z", 1],
    [10_000, "2026-01-01T00:00:19.999Z", 1],
    ["second", "2026-01-01T00:00:07.400Z", 600],
  ] as const)("of a %s begins anew with the clock's", async (window, at, resetMs) => {
    const limiter = limiterBench();
    limiter.clock.set(Date.parse(at));
    const spec = { limit: 2, window, algorithm: "fixed" } as const;
    const taken = [1, 2, 3].map(() => limiter.takeNow(call("a", spec)));
    expect(taken.map(({ allowed }) => allowed)).toEqual([true, true, false]);
    expect(taken[2]?.resetMs).toBe(resetMs);
    await limiter.clock.advance(resetMs - 1);
    expect(limiter.takeNow(call("a", spec)).allowed).toBe(false);
    await limiter.clock.advance(1);
    expect(limiter.takeNow(call("a", spec)).allowed).toBe(true);
  });

  it("is not opened again by a clock that is set back, and goes on at its own pace", async () => {
    const limiter = limiterBench();
    const spec = { limit: 1, window: "fixed" } as const;
    limiter.clock.set(Date.UTC(2030, 0, 1));
    expect(limiter.takeNow(call("a", spec)).allowed).toBe(true);
    limiter.clock.set(Date.UTC(2026, 0, 1));
    expect(limiter.takeNow(call("a", spec)).allowed).toBe(false);
    await limiter.clock.advance(60_000);
    expect(limiter.takeNow(call("a", spec)).allowed).toBe(true);
  });

  it("of a month is the calendar's", async () => {
    const limiter = limiterBench();
    limiter.clock.set(Date.UTC(2028, 1, 29, 23, 59, 59));
    const spec = { limit: 1, window: "month" } as const;
    expect(await limiter.take(call("a", spec))).toMatchObject({ allowed: true, resetMs: 1_000 });
    expect((await limiter.take(call("a", spec))).allowed).toBe(false);
    await limiter.clock.advance(1_000);
    expect(await limiter.take(call("a", spec))).toMatchObject({
      allowed: true,
      resetMs: 31 * 86_400_000,
    });
  });
});

describe("calls under way", () => {
  it("are let through up to the limit, and again when one is over", () => {
    const limiter = limiterBench();
    const spec = { concurrency: 2 };
    const [first, second, third] = [1, 2, 3].map(() => limiter.takeNow(call("a", spec)));
    expect([first?.allowed, second?.allowed, third?.allowed]).toEqual([true, true, false]);
    expect(third).toMatchObject({ policy: "2 concurrent", windowMs: 0, remaining: 0 });
    expect(third?.release).toBeUndefined();
    first?.release?.();
    first?.release?.();
    expect(limiter.takeNow(call("a", spec)).allowed).toBe(true);
    expect(limiter.takeNow(call("a", spec)).allowed).toBe(false);
  });

  it("leave nothing in memory when they are over", () => {
    const limiter = limiterBench();
    const spec = { concurrency: 2 };
    for (let subject = 0; subject < 100; subject += 1) {
      limiter.takeNow(call(String(subject), spec)).release?.();
    }
    expect(limiter.size()).toBe(0);
  });
});

describe("several policies", () => {
  it("take from none when one refuses", async () => {
    const limiter = limiterBench();
    const both = call("a", "2/min", "1/s");
    limiter.takeNow(call("a", "1/s"));
    for (let round = 0; round < 5; round += 1) {
      expect(limiter.takeNow(both)).toMatchObject({ allowed: false, policy: "1/s" });
    }
    expect(limiter.takeNow(call("a", "2/min"))).toMatchObject({ allowed: true, remaining: 1 });
    const long = call(
      "b",
      "1/s",
      { limit: 5, window: "day", algorithm: "fixed" },
      { concurrency: 1 },
    );
    const admitted = await limiter.take(long);
    for (let round = 0; round < 5; round += 1) {
      expect((await limiter.take(long)).allowed).toBe(false);
    }
    admitted.release?.();
    await limiter.clock.advance(1_000);
    const states = (await limiter.take(long)).states ?? [];
    expect(states.map(({ policy, remaining }) => [policy, remaining])).toEqual([
      ["1/s", 0],
      ["5/day", 3],
      ["1 concurrent", 0],
    ]);
  });

  it("take nothing from the credential when the place refuses, and the other way about", () => {
    const limiter = limiterBench();
    const caller: Caller = { ...anonymous, kind: "key", subject: "a", limits: ["2/min"] };
    const places = new Map(["one", "two", "three"].map((id) => [id, placeOf(id, ["1/min"])]));
    const both = (id: string): boolean =>
      limiter.takeNow({ caller, address: "", place: places.get(id) ?? placeOf(id, []) }).allowed;
    expect([both("one"), both("one"), both("one")]).toEqual([true, false, false]);
    expect([both("two"), both("three")]).toEqual([true, false]);
  });

  it("answer the tightest that admits, the longest wait that refuses, and every state", () => {
    const limiter = limiterBench();
    expect(limiter.takeNow(call("a", "10/min", "2/s"))).toMatchObject({
      policy: "2/s",
      remaining: 1,
    });
    const other = limiterBench();
    other.takeNow(call("a", "1/min", "1/s"));
    const refused = other.takeNow(call("a", "1/min", "1/s"));
    expect(refused).toMatchObject({ allowed: false, policy: "1/min", resetMs: 60_000 });
    expect(refused.states?.map(({ policy, allowed }) => [policy, allowed])).toEqual([
      ["1/min", false],
      ["1/s", false],
    ]);
  });
});

describe("a cost", () => {
  it("weighs a call, of zero only looks, and never passes the limit at once", () => {
    const limiter = limiterBench();
    expect(limiter.takeNow({ ...call("a", "10/min"), cost: 0 })).toMatchObject({ remaining: 10 });
    expect(limiter.takeNow({ ...call("a", "10/min"), cost: 7 })).toMatchObject({ remaining: 3 });
    const refused = limiter.takeNow({ ...call("a", "10/min"), cost: 4 });
    expect(refused).toMatchObject({ allowed: false, remaining: 3 });
    expect(limiter.takeNow({ ...call("b", "10/min"), cost: 11 }).allowed).toBe(false);
  });

  it("is multiplied by the policy's own", () => {
    const limiter = limiterBench();
    expect(limiter.takeNow(call("a", { limit: 10, cost: 3 })).remaining).toBe(7);
    expect(limiter.takeNow({ ...call("a", { limit: 10, cost: 3 }), cost: 2 }).remaining).toBe(1);
  });

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("of %d is refused", (cost) => {
    expect(() => limiterBench().take({ ...call("a", "1/s"), cost })).toThrow(
      expect.objectContaining({ code: "limits.badCost" }),
    );
  });
});

describe("whose calls are counted together", () => {
  const key = (over: Partial<Caller>): Caller => ({
    ...anonymous,
    kind: "key",
    subject: "key_1",
    ...over,
  });

  it.each([
    ["key", key({}), key({ subject: "key_2" })],
    ["user", key({ userId: "7" }), key({ userId: "8" })],
    ["user", key({ userId: "7" }), key({ userId: "7", organization: "other" })],
    ["organization", key({}), key({ organization: "other" })],
  ] as const)("per %s: others are not touched", (per, one, other) => {
    const limiter = limiterBench();
    const place = placeOf("p", [{ limit: 1, per }]);
    expect(limiter.takeNow({ caller: one, address: "", place }).allowed).toBe(true);
    expect(limiter.takeNow({ caller: other, address: "", place }).allowed).toBe(true);
    expect(limiter.takeNow({ caller: one, address: "", place }).allowed).toBe(false);
  });

  it("per user: two keys of one user are one", () => {
    const limiter = limiterBench();
    const place = placeOf("p", [{ limit: 1, per: "user" }]);
    limiter.takeNow({ caller: key({ userId: "7" }), address: "", place });
    const other = key({ subject: "key_2", userId: "7" });
    expect(limiter.takeNow({ caller: other, address: "", place }).allowed).toBe(false);
  });

  it("per user: a user's id imitates no other subject", () => {
    const limiter = limiterBench();
    const place = placeOf("p", [{ limit: 1, per: "user" }]);
    limiter.takeNow({ caller: key({ userId: "7", organization: "a" }), address: "", place });
    const other = key({ userId: "a\n7", organization: "" });
    expect(limiter.takeNow({ caller: other, address: "", place }).allowed).toBe(true);
  });

  it("per ip, and where there is no credential: the address, of IPv6 its /64", () => {
    for (const per of ["ip", "key", "organization"] as const) {
      const limiter = limiterBench();
      const place = placeOf("p", [{ limit: 1, per }]);
      const from = (address: string): boolean =>
        limiter.takeNow({ caller: anonymous, address, place }).allowed;
      expect(from("2001:db8:1:2::3")).toBe(true);
      expect(from("2001:0DB8:1:2:ffff::9")).toBe(false);
      expect(from("2001:db8:1:3::3")).toBe(true);
      expect(from("192.0.2.1")).toBe(true);
      expect(from("192.0.2.2")).toBe(true);
    }
  });

  it.each([
    ["operation", [true, true, true]],
    ["api", [true, false, true]],
    ["global", [true, false, false]],
  ] as const)("per %s: all callers together", (per, expected) => {
    const limiter = limiterBench();
    const places = [
      { id: "one", api: "a", limits: [{ limit: 1, per }] },
      { id: "two", api: "a", limits: [{ limit: 1, per }] },
      { id: "three", api: "b", limits: [{ limit: 1, per }] },
    ];
    const taken = places.map(
      (place, index) =>
        limiter.takeNow({ caller: key({ subject: `key_${index}` }), address: "", place }).allowed,
    );
    expect(taken).toEqual(expected);
    const [place] = places;
    if (place === undefined) throw new TypeError("no place");
    expect(limiter.takeNow({ caller: key({ subject: "x" }), address: "", place }).allowed).toBe(
      false,
    );
  });

  it("a named policy is one count wherever it is used, and counts a call once", () => {
    const limiter = limiterBench({ policies: new Map([["few", policyOf(2)]]) });
    const caller = key({ limits: ["few"] });
    const [one, two] = [placeOf("one", ["few"]), placeOf("two", ["few"])];
    expect(limiter.takeNow({ caller, address: "", place: one }).remaining).toBe(1);
    expect(limiter.takeNow({ caller, address: "", place: two }).remaining).toBe(0);
    expect(limiter.takeNow({ caller, address: "" }).allowed).toBe(false);
  });

  it("inline limits count for their place alone", () => {
    const limiter = limiterBench();
    const take = (id: string): boolean =>
      limiter.takeNow({ caller: key({}), address: "", place: placeOf(id, [1]) }).allowed;
    expect([take("one"), take("two"), take("one")]).toEqual([true, true, false]);
  });
});

describe("what is no limit", () => {
  it.each(["", "0/min", "60/minute", "-1/s", "1.5/s", "9007199254740991/d"])(
    "%j is refused",
    (rate) => {
      expect(() => limiterBench().take(call("a", rate))).toThrow(
        expect.objectContaining({ code: "limits.badLimit" }),
      );
    },
  );

  it("a name that no policy has is refused, and told before it is used", () => {
    const limiter = limiterBench({ policies: new Map([["few", policyOf(2)]]) });
    expect(() => limiter.take(call("a", "many"))).toThrow(
      expect.objectContaining({ code: "limits.unknownPolicy" }),
    );
    expect(limiter.mistakes(["few", "many", "0/s"])).toEqual([
      "there is no policy 'many'; limits.policies has few",
      expect.stringContaining("'0/s' is not a limit"),
    ]);
  });

  it("no limit at all counts nothing", () => {
    const limiter = limiterBench();
    expect(limiter.takeNow(call("a")).allowed).toBe(true);
    expect(limiter.size()).toBe(0);
  });
});

describe("memory", () => {
  it("holds a million subjects of one window and none of them two windows later", async () => {
    const limiter = limiterBench({ bucketsMax: 2_000_000 });
    const { place = placeOf("", []) } = call("", "1/min");
    for (let subject = 0; subject < 1_000_000; subject += 1) {
      const caller: Caller = { ...anonymous, kind: "key", subject: String(subject) };
      limiter.takeNow({ caller, address: "", place });
    }
    expect(limiter.size()).toBe(1_000_000);
    for (let turn = 0; turn < 2; turn += 1) {
      await limiter.clock.advance(60_000);
      limiter.takeNow(call("x", "1/min"));
    }
    expect(limiter.size()).toBe(1);
  });

  it("forgets nobody who still owes", async () => {
    const limiter = limiterBench();
    await limiter.clock.advance(59_999);
    for (let round = 0; round < 60; round += 1) limiter.takeNow(call("a", "60/min"));
    await limiter.clock.advance(2);
    limiter.takeNow(call("b", "60/min"));
    await limiter.clock.advance(997);
    expect(limiter.takeNow(call("a", "60/min")).allowed).toBe(false);
  });

  it.each(["1/min", { limit: 1, window: "fixed" }] as const)(
    "stays within its bound, and subjects beyond it share counts instead of passing freely (%j)",
    (spec) => {
      const limiter = limiterBench({ bucketsMax: 1_000 });
      let admitted = 0;
      for (let subject = 0; subject < 50_000; subject += 1) {
        if (limiter.takeNow(call(String(subject), spec)).allowed) admitted += 1;
      }
      expect(limiter.size()).toBeLessThanOrEqual(1_000 + 4_096);
      expect(admitted).toBeLessThanOrEqual(1_000 + 4_096);
      expect(limiter.takeNow(call("0", spec)).allowed).toBe(false);
    },
  );
});
