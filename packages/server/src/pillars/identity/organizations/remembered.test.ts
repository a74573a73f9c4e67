import type { PluginContext } from "portico/kernel";
import { fakeClock } from "portico/testing";
import { expect, it } from "vitest";
import { Remembered } from "./remembered.ts";

interface Bench {
  readonly remembered: Remembered<string>;
  readonly feed: { isStale: boolean; changed: (id: string) => void };
  readonly clock: ReturnType<typeof fakeClock>;
  /** What the store says from now on. */
  readonly say: (value: string) => void;
  readonly lookups: () => number;
  /** Holds look-ups back until the returned function is called. */
  readonly hold: () => () => void;
}

function bench(idsMax = 100): Bench {
  const feed: Bench["feed"] = { isStale: false, changed: () => {} };
  const clock = fakeClock();
  let said = "first";
  let lookups = 0;
  let gate: Promise<void> = Promise.resolve();
  const ctx = {
    clock,
    changes: {
      watch: (_: string, drop: (id: string) => void) => {
        feed.changed = drop;
        return () => {};
      },
      stale: () => feed.isStale,
    },
  };
  return {
    // Only what it touches: the feed and the clock.
    remembered: new Remembered(ctx as unknown as PluginContext, {
      kind: "test",
      idsMax,
      load: async () => {
        lookups += 1;
        const value = said;
        await gate;
        return value;
      },
    }),
    feed,
    clock,
    say: (value) => {
      said = value;
    },
    lookups: () => lookups,
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
  };
}

it("looks up once what is asked for again, and at the same moment", async () => {
  const { remembered, lookups } = bench();
  await Promise.all([remembered.find("a", "org"), remembered.find("a", "org")]);
  await remembered.find("a", "org");
  expect(lookups()).toBe(1);
  expect(remembered.known("a", "org")).toEqual({ value: "first" });
  expect(remembered.known("a", "another")).toBeUndefined();
});

it("never answers from memory while the change feed is not read", async () => {
  const { remembered, feed, say } = bench();
  await remembered.find("a", "org");
  say("second");
  expect(await remembered.find("a", "org")).toBe("first");
  feed.isStale = true;
  expect(remembered.known("a", "org")).toBeUndefined();
  expect(await remembered.find("a", "org")).toBe("second");
});

it("forgets what the feed tells of, and everything when it tells of everything", async () => {
  const { remembered, feed, say } = bench();
  for (const id of ["a", "b"]) await remembered.find(id, "org");
  say("second");
  feed.changed("a");
  expect(await remembered.find("a", "org")).toBe("second");
  expect(await remembered.find("b", "org")).toBe("first");
  feed.changed("*");
  expect(await remembered.find("b", "org")).toBe("second");
});

it("does not remember what was looked up before its change and answered after it", async () => {
  const { remembered, feed, say, hold } = bench();
  const open = hold();
  const early = remembered.find("a", "org");
  say("second");
  feed.changed("a");
  open();
  expect(await early).toBe("first");
  expect(await remembered.find("a", "org")).toBe("second");
});

it.each(["a", "*"])(
  "asks the store from the beginning of a change of %s, and remembers again after it",
  async (changed) => {
    const { remembered, feed, say, clock, lookups } = bench();
    await remembered.find("a", "org");
    remembered.distrust(changed);
    expect(await remembered.find("a", "org")).toBe("first");
    say("second");
    expect(await remembered.find("a", "org")).toBe("second");
    feed.changed(changed);
    // Another change of it may be under way, of which the feed has not told.
    say("third");
    expect(await remembered.find("a", "org")).toBe("third");
    await clock.advance(2_000);
    await remembered.find("a", "org");
    const before = lookups();
    await remembered.find("a", "org");
    expect(lookups()).toBe(before);
  },
);

it("holds no more ids than it may, and keeps those that are asked for", async () => {
  const { remembered, lookups } = bench(10);
  await remembered.find("kept", "org");
  for (let index = 0; index < 100; index += 1) {
    await remembered.find(`id_${index}`, "org");
    await remembered.find("kept", "org");
  }
  expect(lookups()).toBe(101);
  await remembered.find("id_0", "org");
  expect(lookups()).toBe(102);
});
