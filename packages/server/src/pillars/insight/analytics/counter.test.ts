import { fakeClock } from "portico/testing";
import fc from "fast-check";
import { expect, it } from "vitest";
import { answered } from "../requests/answered.fixture.ts";
import { Counter } from "./counter.ts";
import type { Minute } from "./minute.ts";
import { OTHER } from "./series.ts";

const MINUTE_MS = 60_000;

interface Setup {
  readonly seriesMax?: number;
  readonly isDown?: () => boolean;
}

/** A counter whose minutes are written into a map, as a store would keep them. */
function counting({ seriesMax = 1_000, isDown = () => false }: Setup = {}) {
  const clock = fakeClock();
  const kept = new Map<string, number>();
  const lost: number[] = [];
  const counter = new Counter({
    clock,
    flushMs: 10_000,
    seriesMax,
    write: (minutes: readonly Minute[]) => {
      if (isDown()) return Promise.reject(new TypeError("away"));
      for (const minute of minutes) {
        for (const series of minute.series) {
          kept.set(JSON.stringify([minute.at, minute.again, series.labels]), series.count);
          series.written = series.count;
        }
      }
      return Promise.resolve();
    },
    trouble: () => undefined,
    lost: (requests) => lost.push(requests),
  });
  const total = (): number => [...kept.values()].reduce((sum, count) => sum + count, 0);
  return { clock, kept, counter, lost, total };
}

const requests = fc.array(
  fc.record({
    route: fc.constantFrom("/a", "/b", "/c/{id}"),
    method: fc.constantFrom("GET", "POST"),
    credential: fc.constantFrom(null, "key_1", "key_2", "key_3"),
    organization: fc.constantFrom("default", "other"),
    version: fc.constantFrom(null, "1", "2"),
    status: fc.constantFrom(200, 204, 404, 500),
    at: fc.integer({ min: 0, max: 5 * MINUTE_MS }),
  }),
  { maxLength: 200 },
);

it("counts every request exactly once, whatever order, labels and flushes there are", async () => {
  await fc.assert(
    fc.asyncProperty(requests, fc.integer({ min: 10, max: 40 }), async (all, seriesMax) => {
      const { counter, total } = counting({ seriesMax });
      for (const [index, request] of all.entries()) {
        counter.count(answered(request));
        if (index % 7 === 0) await counter.flush();
      }
      await counter.flush();
      expect(total()).toBe(all.length);
    }),
  );
});

it("keeps to its bound of series, and never mixes organizations in what is counted as other", async () => {
  const { counter, kept } = counting({ seriesMax: 10 });
  for (let key = 0; key < 5_000; key += 1) {
    const organization = key % 2 === 0 ? "default" : "other";
    const route = `/r${key % 50}`;
    counter.count(answered({ credential: `key_${key}`, organization, route, at: 0 }));
  }
  await counter.flush();
  expect(kept.size).toBeLessThanOrEqual(10 * 1.5 + 2);
  const others = [...kept].filter(([key]) => key.includes(`"operation":"${OTHER}"`));
  expect(others).toHaveLength(2);
  expect(others.map(([key]) => key.includes(`"organization":"default"`))).toContain(false);
});

it("counts a request in the minute in which it was answered", async () => {
  const { counter, kept } = counting();
  counter.count(answered({ at: MINUTE_MS - 10, durationMs: 20 }));
  await counter.flush();
  expect([...kept.keys()][0]).toContain(`[${MINUTE_MS},`);
});

it("writes again what could not be written, and gives up the oldest minutes first", async () => {
  let isDown = true;
  const { counter, lost, total } = counting({ isDown: () => isDown });
  for (let minute = 0; minute < 15; minute += 1) {
    counter.count(answered({ at: minute * MINUTE_MS }));
    await counter.flush();
  }
  isDown = false;
  await counter.flush();
  expect(lost.reduce((sum, each) => sum + each, 0)).toBe(5);
  expect(total()).toBe(10);
});

it("flushes by itself after ten seconds, and loses what came since when the process is killed", async () => {
  const { clock, counter, total } = counting();
  counter.count(answered({ at: 0 }));
  await clock.advance(9_999);
  expect(total()).toBe(0);
  await clock.advance(1);
  expect(total()).toBe(1);
  counter.count(answered({ at: 0 }));
  // Nothing more of this process: what was written stands.
  expect(total()).toBe(1);
});

it("does not write over a minute that was let go when the clock is set back into it", async () => {
  const { counter, total } = counting();
  for (const at of [0, 0, MINUTE_MS, 0]) {
    counter.count(answered({ at }));
    await counter.flush();
  }
  expect(total()).toBe(4);
});
