import { expect, it } from "vitest";
import { describeStore } from "../testing/describe-store.ts";
import { emitOne, openSpine } from "../testing/spine.ts";
import type { TestSpine } from "../testing/spine.ts";

const HOUR_MS = 3_600_000;
const BEGIN = Date.UTC(2026, 0, 1);
const day = { from: BEGIN, to: BEGIN + 24 * HOUR_MS, spanMs: HOUR_MS };

/** Puts events into the log as they lie there after a while: positions with gaps, times that nearly follow them. */
async function fill(spine: TestSpine, count: number, at: (index: number) => number): Promise<void> {
  const { driver } = spine.hub;
  const key = driver.dialect === "sqlite" ? "" : "overriding system value ";
  const column = driver.dialect === "sqlite" ? "" : "row_id, ";
  for (let start = 0; start < count; start += 1_000) {
    const rows = Array.from({ length: Math.min(1_000, count - start) }, (_, index) => {
      const number = start + index;
      const seq = (number + 1) * 3;
      const own = driver.dialect === "sqlite" ? "" : `${seq}, `;
      const data = driver.dialect === "sqlite" ? "x'7b7d'" : String.raw`'\x7b7d'`;
      const organization = number % 2 === 0 ? "acme" : "globex";
      const type = number % 4 === 0 ? "thing.rare" : "thing.done";
      return `(${own}${seq}, 'evt_${number}', '${organization}', '${type}', '[]', ${data},
        'application/json', ${at(number)}, 'a', 'c', 't')`;
    });
    await driver.append([
      {
        sql: `insert into log_events (${column}seq, id, organization, type, channels, data, content_type,
          at, actor, cause, trace) ${key}values ${rows.join(", ")}`,
        parameters: [],
      },
    ]);
  }
}

describeStore("the count of events", (open) => {
  it("is of all events of a range by the hour, however many pages they fill", async () => {
    await using spine = await openSpine(open);
    // A minute before the day, the day, and a minute after it; 40,000 in all.
    const step = (24 * HOUR_MS + 120_000) / 40_000;
    await fill(spine, 40_000, (index) => Math.floor(BEGIN - 60_000 + index * step));
    const all = await spine.log.count({ ...day, scope: "instance" });
    const total = (all?.buckets ?? []).reduce((sum, { count }) => sum + count, 0);
    const expected = Array.from({ length: 40_000 }, (_, index) =>
      Math.floor(BEGIN - 60_000 + index * step),
    ).filter((at) => at >= day.from && at < day.to).length;
    expect(total).toBe(expected);
    expect(all?.buckets).toHaveLength(24);
    const acme = await spine.log.count({ ...day, scope: { organization: "acme" } });
    const globex = await spine.log.count({ ...day, scope: { organization: "globex" } });
    const sums = [acme, globex].map((one) =>
      (one?.buckets ?? []).reduce((sum, { count }) => sum + count, 0),
    );
    expect((sums[0] ?? 0) + (sums[1] ?? 0)).toBe(expected);
    const rare = await spine.log.count({ ...day, scope: "instance", type: "thing.rare" });
    const rares = (rare?.buckets ?? []).reduce((sum, { count }) => sum + count, 0);
    expect(Math.abs(rares - expected / 4)).toBeLessThan(2);
  });

  it("misses no event whose time lies a little behind its place", async () => {
    await using spine = await openSpine(open);
    const late = (index: number): number => BEGIN + index * 1_000 - (index % 7 === 0 ? 50_000 : 0);
    await fill(spine, 7_200, late);
    const query = { from: BEGIN + HOUR_MS, to: BEGIN + 2 * HOUR_MS, spanMs: HOUR_MS };
    const counted = await spine.log.count({ ...query, scope: "instance" });
    const expected = Array.from({ length: 7_200 }, (_, index) => late(index)).filter(
      (at) => at >= query.from && at < query.to,
    ).length;
    expect(counted?.buckets).toEqual([{ at: query.from, count: expected }]);
  });

  it("is none where there are none, and of an empty log", async () => {
    await using spine = await openSpine(open);
    expect(await spine.log.count({ ...day, scope: "instance" })).toEqual({ buckets: [] });
    await spine.log.start();
    await emitOne(spine, "thing.done");
    await spine.log.drained();
    expect(await spine.log.count({ ...day, scope: "instance" })).toEqual({ buckets: [] });
    const now = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    const hours = { from: now - HOUR_MS, to: now + 2 * HOUR_MS, spanMs: HOUR_MS };
    const counted = await spine.log.count({ ...hours, scope: { organization: "acme" } });
    expect((counted?.buckets ?? []).reduce((sum, { count }) => sum + count, 0)).toBe(1);
  });
});
