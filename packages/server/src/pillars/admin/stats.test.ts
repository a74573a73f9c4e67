import { add, definePlugin, Statistics } from "portico/kernel";
import type { StatisticQuery } from "portico/kernel";
import { describeStore } from "portico/testing";
import type { TestApp } from "portico/testing";
import { expect, it, test } from "vitest";
import { openApp, operator, shop } from "./admin-app.fixture.ts";
import { admin } from "./index.ts";
import { intoBuckets, rangeOf } from "./range.ts";

const HOUR_MS = 3_600_000;
const asked: StatisticQuery[] = [];

/** Counts two in the first hour and three in the last but one; and a line that always costs too much. */
const counting = definePlugin({
  id: "counting",
  version: "1.0.0",
  engine: "^1",
  contributes: [
    add(Statistics, {
      id: "counting.carts",
      label: "Carts",
      unit: "carts",
      count: (query) => {
        asked.push(query);
        const buckets = [
          { at: query.from, count: 2 },
          { at: query.to - 2 * query.spanMs, count: 3 },
          // A plugin that counts beyond the range must not spoil the answer.
          { at: query.to, count: 100 },
        ];
        return Promise.resolve({ buckets, since: query.from + HOUR_MS });
      },
    }),
    add(Statistics, {
      id: "counting.dear",
      label: "Dear",
      unit: "rows",
      count: () => Promise.resolve(undefined),
    }),
  ],
});

function openCounting(database: Parameters<typeof openApp>[0]): Promise<TestApp> {
  return openApp(database, { plugins: [shop, counting, admin] });
}

describeStore("GET /admin/stats", (open) => {
  it("200 gives zeros where nothing was, and leaves out what would cost too much", async () => {
    await using database = await open();
    await using app = await openCounting(database);
    const range = "from=2026-03-01T00:30:00Z&to=2026-03-01T05:30:00Z&interval=hour";
    const { status, text } = await app.as(operator).get(`/admin/stats?${range}`);
    expect(status).toBe(200);
    expect(JSON.parse(text)).toEqual({
      scope: "instance",
      interval: "hour",
      from: "2026-03-01T00:00:00.000Z",
      to: "2026-03-01T06:00:00.000Z",
      buckets: [0, 1, 2, 3, 4, 5].map((hour) => `2026-03-01T0${hour}:00:00.000Z`),
      series: [
        {
          id: "counting.carts",
          label: "Carts",
          unit: "carts",
          total: 5,
          counts: [2, 0, 0, 0, 3, 0],
          since: "2026-03-01T01:00:00.000Z",
        },
      ],
      unavailable: ["counting.dear"],
    });
  });

  it("counts the installation for those who may see it, and the organization for all others", async () => {
    await using database = await open();
    await using app = await openCounting(database);
    const tenant = app.as({ organization: "acme", permissions: ["stats:read"] });
    asked.length = 0;
    await app.as(operator).get("/admin/stats");
    await app.as(operator).get("/admin/stats?scope=organization");
    await tenant.get("/admin/stats");
    expect((await tenant.get("/admin/stats?scope=instance")).status).toBe(403);
    expect(asked.map(({ scope }) => scope)).toEqual([
      "instance",
      { organization: "default" },
      { organization: "acme" },
    ]);
    expect((await app.as({ permissions: [] }).get("/admin/stats")).status).toBe(403);
  });

  it.each([
    ["from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z&interval=hour", "admin.tooManyBuckets"],
    ["from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z&interval=month", "admin.tooManyBuckets"],
    ["from=2026-01-01T00:00:00Z&to=2027-01-03T00:00:00Z&interval=day", "admin.tooManyBuckets"],
    ["from=2026-01-02T00:00:00Z&to=2026-01-02T00:00:00Z", "admin.badRange"],
    ["from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "admin.badRange"],
    ["from=yesterday", "request.invalid"],
    ["interval=minute", "request.invalid"],
  ])("422 for %s: %s", async (query, code) => {
    await using database = await open();
    await using app = await openCounting(database);
    const reply = await app.as(operator).get(`/admin/stats?${query}`);
    expect(reply.json()).toMatchObject({ status: 422, code });
  });
});

describeStore("GET /admin/health and /admin/metrics", (open) => {
  it("200 tell details, and the text of /metrics", async () => {
    await using database = await open();
    await using app = await openApp(database);
    const health = await app.as(operator).get("/admin/health");
    expect(health.json()).toMatchObject({
      status: "ok",
      checks: { database: { status: "ok", detail: "The database answers." } },
    });
    const metrics = await app.as(operator).get("/admin/metrics");
    expect(metrics.headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(metrics.text).toContain("portico_build_info");
    const plain = await app.inject({ url: "/metrics" });
    const names = (text: string): readonly string[] =>
      text.split("\n").filter((line) => line.startsWith("# TYPE"));
    expect(names(metrics.text)).toEqual(names(plain.text));
  });
});

test("months are those of the calendar in UTC, leap days and ends of years among them", () => {
  const range = rangeOf(
    { interval: "month", from: Date.UTC(2027, 10, 30, 23), to: Date.UTC(2028, 2, 1) },
    0,
  );
  expect(range.starts.map((at) => new Date(at).toISOString().slice(0, 10))).toEqual([
    "2027-11-01",
    "2027-12-01",
    "2028-01-01",
    "2028-02-01",
  ]);
  const counts = intoBuckets(range, [
    { at: Date.UTC(2028, 1, 29), count: 4 },
    { at: Date.UTC(2027, 10, 30), count: 1 },
  ]);
  expect(counts).toEqual([1, 0, 0, 4]);
});
