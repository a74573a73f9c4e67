import type { AnsweredRequest } from "portico/kernel";
import { describeStore } from "portico/testing";
import type { OpenTestDatabase } from "portico/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openHello } from "../hello.fixture.ts";
import type { HelloApp } from "../hello.fixture.ts";
import { answered } from "../requests/answered.fixture.ts";
import { compactRollups } from "./compact.ts";
import { Counter } from "./counter.ts";
import { minuteWriter } from "./write.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const retention = { minuteHours: 48, hourDays: 90, dayDays: 1_100 };
const reader = { permissions: ["insight:read"] };

interface Line {
  readonly labels: Readonly<Record<string, string>>;
  readonly total: number | null;
  readonly requests: number;
  readonly points: readonly { readonly at: string; readonly value: number }[];
}

/** A further process that counts into the same store. */
function process({ app, clock }: HelloApp, node: string): Counter {
  const ctx = app.context("insight");
  return new Counter({
    clock,
    flushMs: 10_000,
    seriesMax: 1_000,
    write: minuteWriter(ctx, node),
    trouble: (error) => expect.fail(String(error)),
    lost: () => expect.fail("requests were given up"),
  });
}

async function ask(it: HelloApp, query: string, caller: object = reader): Promise<readonly Line[]> {
  const reply = await it.app.as(caller).get(`/analytics?${query}`);
  expect(reply.status, reply.text).toBe(200);
  return (reply.json() as { readonly lines: readonly Line[] }).lines;
}

const shop = (over: Partial<AnsweredRequest>): AnsweredRequest =>
  answered({ api: "shop", route: "/shop/{id}", ...over });

/** The range of the clock's first day, as a query. */
function day(it: HelloApp, interval: string): string {
  const from = new Date(Math.floor(it.clock.now() / DAY_MS) * DAY_MS);
  const to = new Date(from.getTime() + DAY_MS);
  return `from=${from.toISOString()}&to=${to.toISOString()}&interval=${interval}&api=shop`;
}

function cases(open: OpenTestDatabase): void {
  it("sums to what was counted, over processes, labels and intervals, before and after compaction", async () => {
    await using it = await openHello(open);
    const start = it.clock.now();
    const nodes = [process(it, "a"), process(it, "b"), process(it, "c")];
    const random = fc.sample(
      fc.record({
        at: fc.integer({ min: 0, max: 5 * HOUR_MS }),
        node: fc.integer({ min: 0, max: 2 }),
        credential: fc.constantFrom(null, "key_1", "key_2"),
        version: fc.constantFrom("1", "2"),
        status: fc.constantFrom(200, 404, 503),
        durationMs: fc.integer({ min: 1, max: 500 }),
        bytesOut: fc.integer({ min: 0, max: 1_000 }),
      }),
      { numRuns: 400, seed: 7 },
    );
    for (const { node, at, ...request } of random) {
      nodes[node]?.count(shop({ ...request, at: start + at, upstreamMs: request.durationMs / 2 }));
    }
    for (const node of nodes) await node.flush();
    // Again: what is written twice is counted once.
    for (const node of nodes) await node.flush();
    const sum = (of: (each: (typeof random)[number]) => number): number =>
      random.reduce((total, each) => total + of(each), 0);
    const check = async (interval: string): Promise<void> => {
      const range = day(it, interval);
      const [all] = await ask(it, range);
      expect(all?.total).toBe(400);
      expect(all?.points.reduce((total, { value }) => total + value, 0)).toBe(400);
      const errors = await ask(it, `${range}&metric=errors`);
      expect(errors[0]?.total).toBe(sum(({ status }) => (status >= 500 ? 1 : 0)));
      const bytes = await ask(it, `${range}&metric=bytesOut&by=version,status`);
      expect(bytes).toHaveLength(6);
      expect(bytes.reduce((total, line) => total + (line.total ?? 0), 0)).toBe(
        sum(({ bytesOut }) => bytesOut),
      );
      const sorted = random.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b);
      const p95 = sorted[Math.ceil(0.95 * 400) - 1] ?? 0;
      const [whole] = await ask(it, `${range}&metric=duration.p95`);
      expect(Math.abs((whole?.total ?? 0) - p95)).toBeLessThanOrEqual(p95 / 64 + 0.001);
      const [half] = await ask(it, `${range}&metric=upstream.p95`);
      expect(Math.abs((half?.total ?? 0) - p95 / 2)).toBeLessThanOrEqual(p95 / 128 + 0.001);
    };
    for (const interval of ["minute", "hour"]) await check(interval);
    await it.clock.advance(2 * DAY_MS);
    for (let round = 0; round < 3; round += 1) {
      await compactRollups(it.app.context("insight"), { ...retention, minuteHours: 3 });
      it.clock.set(start + 2 * DAY_MS);
    }
    it.clock.set(start);
    await check("hour");
    await check("day");
  });

  it("is as it was when compaction is cut off and begins again", async () => {
    await using it = await openHello(open);
    const start = it.clock.now();
    const node = process(it, "a");
    for (let minute = 0; minute < 120; minute += 1) {
      node.count(shop({ at: start + minute * MINUTE_MS, durationMs: minute }));
      await node.flush();
    }
    it.clock.set(start + 3 * HOUR_MS);
    const ctx = it.app.context("insight");
    let writes = 0;
    const dying: typeof ctx = {
      ...ctx,
      store: {
        ...ctx.store,
        transaction: (options, run) => {
          writes += 1;
          // The span's rows are there, its mark is not.
          if (writes === 2) return Promise.reject(new TypeError("killed"));
          return ctx.store.transaction(options, run);
        },
      },
    };
    await expect(compactRollups(dying, retention)).rejects.toThrow("killed");
    await compactRollups(ctx, retention);
    await compactRollups(ctx, retention);
    it.clock.set(start);
    const [line] = await ask(it, day(it, "hour"));
    expect(line?.points.map(({ value }) => value)).toStrictEqual([60, 60]);
  });

  it("keeps what was flushed when the process is killed, and counts on under another name", async () => {
    await using it = await openHello(open);
    const at = it.clock.now();
    const killed = process(it, "a");
    killed.count(shop({ at }));
    killed.count(shop({ at }));
    await killed.flush();
    killed.count(shop({ at }));
    // Killed here: the third is lost, the two are not. Its successor counts the same minute.
    const next = process(it, "b");
    next.count(shop({ at }));
    await next.flush();
    const [line] = await ask(it, day(it, "minute"));
    expect(line?.total).toBe(3);
  });

  it("tells an organization of its own only, and an operator of all", async () => {
    await using it = await openHello(open);
    const node = process(it, "a");
    const at = it.clock.now();
    node.count(shop({ at, credential: "key_mine" }));
    node.count(shop({ at, organization: "other", credential: "key_theirs" }));
    await node.flush();
    const query = `${day(it, "hour")}&by=key`;
    const mine = await ask(it, query);
    expect(mine.map(({ labels }) => labels["key"])).toStrictEqual(["key_mine"]);
    const theirs = await ask(it, `${query}&key=key_mine`, { ...reader, organization: "other" });
    expect(theirs).toStrictEqual([]);
    const refused = await it.app.as(reader).get(`/analytics?${query}&scope=instance`);
    expect(refused.status).toBe(403);
    const operator = { ...reader, instancePermissions: ["insight:operate"] };
    const all = await ask(it, `${query}&scope=instance`, operator);
    const keys = new Set(all.map(({ labels }) => labels["key"]));
    expect(keys).toStrictEqual(new Set(["key_mine", "key_theirs"]));
  });

  it("deletes minutes only when their hours are there, and hours and days when they are old", async () => {
    await using it = await openHello(open);
    const start = it.clock.now();
    const node = process(it, "a");
    node.count(shop({ at: start }));
    await node.flush();
    const ctx = it.app.context("insight");
    const spans = async (): Promise<readonly number[]> => {
      const rows = await it.database.driver.query({
        sql: "select distinct span from insight_rollups where api = 'shop' order by span",
        parameters: [],
      });
      return rows.rows.map((row) => Number(row["span"]));
    };
    await compactRollups(ctx, retention);
    expect(await spans()).toStrictEqual([60]);
    it.clock.set(start + 60 * HOUR_MS);
    for (let round = 0; round < 3; round += 1) await compactRollups(ctx, retention);
    expect(await spans()).toStrictEqual([3_600, 86_400]);
    it.clock.set(start + 200 * DAY_MS);
    for (let round = 0; round < 3; round += 1) await compactRollups(ctx, retention);
    expect(await spans()).toStrictEqual([86_400]);
    it.clock.set(start + 1_200 * DAY_MS);
    await compactRollups(ctx, retention);
    expect(await spans()).toStrictEqual([]);
  });
}

describeStore("analytics", cases);

describeStore("GET /analytics", (open) => {
  it("200 counts requests of Portico's own, at once", async () => {
    await using it = await openHello(open);
    await it.app.as(reader).get("/hello/ada");
    await it.app.as(reader).get("/hello/bob");
    const lines = await ask(
      it,
      "by=operation,status&api=portico&operation=GET+/api/v1/hello/%7Bname%7D",
    );
    expect(lines).toMatchObject([
      {
        labels: { operation: "GET /api/v1/hello/{name}", status: "2xx" },
        total: 2,
        requests: 2,
        points: [{ value: 2 }],
      },
    ]);
  });

  it("401, 403, and 422 for what it cannot answer, with what to do instead", async () => {
    await using it = await openHello(open);
    expect((await it.app.inject({ url: "/api/v1/analytics" })).status).toBe(401);
    expect((await it.app.as({ permissions: ["a:b"] }).get("/analytics")).status).toBe(403);
    const refused = async (query: string): Promise<unknown> => {
      const reply = await it.app.as(reader).get(`/analytics?${query}`);
      const { code, detail } = reply.json() as { code: string; detail: string };
      return [reply.status, code, detail];
    };
    expect(await refused("metric=p95")).toMatchObject([
      422,
      "request.invalid",
      expect.stringContaining("1 thing"),
    ]);
    expect(await refused("by=color")).toMatchObject([422, "request.invalid", expect.anything()]);
    expect(await refused("by=api,api,api,api")).toMatchObject([
      422,
      "request.invalid",
      expect.anything(),
    ]);
    expect(await refused("from=2026-01-01T00:00:00Z&to=2026-01-01T00:00:00Z")).toMatchObject([
      422,
      "insight.badRange",
      expect.anything(),
    ]);
    const long = "from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z&interval=minute";
    expect(await refused(long)).toMatchObject([
      422,
      "insight.tooManyPoints",
      expect.stringContaining("such as hour"),
    ]);
    const old = "from=2025-12-01T00:00:00Z&to=2025-12-01T01:00:00Z&interval=minute";
    expect(await refused(old)).toMatchObject([422, "insight.notKept", expect.anything()]);
    expect(await refused("from=yesterday")).toMatchObject([
      422,
      "request.invalid",
      expect.anything(),
    ]);
  });
});

describe("the hot path", () => {
  it("allocates no series for labels that are known", async () => {
    const { Minute } = await import("./minute.ts");
    const minute = new Minute(0, 100);
    for (let round = 0; round < 10_000; round += 1) minute.count(shop({ credential: "key_1" }));
    expect(minute.series).toHaveLength(1);
    expect(minute.series[0]?.count).toBe(10_000);
  });
});
