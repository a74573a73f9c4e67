// Every list of every pillar, the same way: page by page it gives what it gives at once, in the same order, and each of its
// filters leaves what fits and nothing else.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  createTestApp,
  factories,
  type TestApp,
} from "../packages/server/src/kernel/testing/index.ts";
import { internalCaller } from "../packages/server/src/kernel/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";
import { everything } from "./examples/requests.ts";

type Row = Readonly<Record<string, unknown>>;
interface Page {
  readonly data: readonly Row[];
  readonly next: string | null;
}

const make = factories("lists");
let app: TestApp;
let webhook: string;

beforeAll(async () => {
  // Failed deliveries stay as they are: what changes between two pages cannot be compared.
  const settings = { webhooks: { retryWaitsMs: [3_600_000], pauseAfterFailures: 0 } };
  app = await createTestApp({ plugins: builtIns(), settings });
  // Nothing listens there: deliveries fail, and stay to be listed.
  for (let index = 0; index < 3; index += 1) {
    const made = await send("POST", "/webhooks", {
      url: `http://127.0.0.1:8000/${index}`,
      events: ["*"],
    });
    webhook = String(made["id"]);
  }
  for (const slug of ["by-slug", "another"]) {
    await send("POST", "/sources", { provider: "github", slug });
    for (const genuine of [true, false]) await send("POST", `/sources/${slug}/test`, { genuine });
  }
  await send("POST", "/events/batch", { events: [make.event(), make.event(), make.event()] });
  for (const id of ["one", "two"]) {
    const routes = [{ path: "/a" }, { path: "/b" }];
    await send("POST", "/gateway/apis", {
      id,
      basePath: `/${id}`,
      upstream: "http://127.0.0.1:9",
      routes,
    });
    await send("POST", "/gateway/versions", { api: id, id: "2026-01-01" });
  }
  for (const place of ["a", "b", "c"]) await send("POST", "/errors", { place, message: place });
  for (const name of ["k1", "k2", "k3"]) await send("POST", "/keys", { name, permissions: [] });
  for (const name of ["one", "two", "three"]) {
    await send("POST", "/organizations/default/members", { userId: name });
    await send("POST", "/teams", { name });
    await send("POST", "/service-accounts", { name });
    await send("POST", "/invitations", {});
    await send("POST", "/organizations", { name });
    const grant = { subjectKind: "user", subject: name, permission: "events:read" };
    await send("POST", "/grants", { ...grant, resource: `room:${name}` });
  }
  await app.settled();
});
afterAll(() => app.stop());

async function send(method: string, path: string, body?: unknown): Promise<Row> {
  const { headers } = app.as(everything);
  const url = `/api/v1${path}`;
  const reply = await app.inject({ method, url, headers, ...(body === undefined ? {} : { body }) });
  if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.text}`);
  return reply.json() as Row;
}

async function page(path: string, query: Readonly<Record<string, string>> = {}): Promise<Page> {
  return (await send("GET", `${path}?${new URLSearchParams(query).toString()}`)) as unknown as Page;
}

const lists = [
  "/keys",
  "/events",
  "/event-types",
  "/webhooks",
  "/webhooks/{id}/deliveries",
  "/sources",
  "/sources/by-slug/messages",
  "/gateway/apis",
  "/gateway/routes",
  "/gateway/versions",
  "/errors",
  "/audit",
  "/organizations",
  "/organizations/default/members",
  "/teams",
  "/service-accounts",
  "/invitations",
  "/grants",
];

describe.each(lists)("GET %s", (template) => {
  const path = (): string => template.replace("{id}", webhook);

  test("gives page by page what it gives at once, in the same order", async () => {
    // As many as a page may hold: plugins declare more than the usual fifty event types.
    const whole = await page(path(), { limit: "200" });
    expect(whole.data.length).toBeGreaterThan(1);
    expect(whole.next).toBeNull();
    // One by one, or of a long list in some ten pages: the list of requests below holds no more than a page.
    const size = Math.ceil(whole.data.length / 12);
    const limit = String(size);
    const pieces: Row[] = [];
    for (let cursor: string | null = ""; cursor !== null;) {
      const part: Page = await page(path(), cursor === "" ? { limit } : { limit, cursor });
      expect(part.data).toHaveLength(Math.min(size, whole.data.length - pieces.length));
      pieces.push(...part.data);
      cursor = part.next;
    }
    expect(pieces).toEqual(whole.data);
  });
});

test("the list of requests, which grows by being read, loses and repeats nothing between two pages", async () => {
  const [first] = (await page("/requests", { limit: "1" })).data;
  const two = await page("/requests", { limit: "2" });
  const rest = await page("/requests", { limit: "200", cursor: String(two.next) });
  const ids = [...two.data, ...rest.data].map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toContain(first?.["id"]);
});

test.each([
  ["/audit", "action", "action"],
  ["/audit", "target", "target"],
  ["/audit", "actor", "actor"],
  ["/audit", "trace", "trace"],
  ["/requests", "method", "method"],
  ["/events", "type", "type"],
  ["/events", "subject", "subject"],
  ["/events", "trace", "trace"],
  ["/event-types", "group", "group"],
  ["/gateway/routes", "api", "api"],
  ["/gateway/routes", "source", "source"],
  ["/gateway/versions", "api", "api"],
  ["/errors", "kind", "kind"],
  ["/sources", "provider", "provider"],
  ["/grants", "subject", "subject"],
  ["/grants", "resource", "resource"],
])("%s by %s leaves what fits, and all of it", async (path, filter, member) => {
  const all = (await page(path, { limit: "200" })).data;
  const wanted = all.at(-1)?.[member];
  const fitting = all.filter((row) => row[member] === wanted);
  const left = (await page(path, { limit: "200", [filter]: String(wanted) })).data;
  expect(left.length).toBeGreaterThan(0);
  expect(left.every((row) => row[member] === wanted)).toBe(true);
  expect(left.map(({ id }) => id)).toEqual(expect.arrayContaining(fitting.map(({ id }) => id)));
});

test("messages of a source by state are those of the state", async () => {
  const path = "/sources/by-slug/messages";
  const all = (await page(path)).data;
  for (const state of ["accepted", "quarantined", "released"]) {
    const left = (await page(path, { state })).data;
    expect(left).toEqual(all.filter((row) => row["state"] === state));
  }
});

test("deliveries by state are those of the state", async () => {
  const path = `/webhooks/${webhook}/deliveries`;
  const all = (await page(path)).data;
  for (const state of ["pending", "delivered"]) {
    const left = (await page(path, { state })).data;
    expect(left).toEqual(all.filter((row) => row["state"] === state));
  }
});

test("a filter of the requests by time leaves what was between", async () => {
  const none = { since: "2000-01-01T00:00:00Z", until: "2000-01-02T00:00:00Z" };
  expect((await page("/requests", none)).data).toEqual([]);
  expect((await page("/requests", { since: "2000-01-01T00:00:00Z" })).data).not.toEqual([]);
});

test("what is published by a function is stored as the value it is", async () => {
  const caller = internalCaller("functions");
  const event = make.event();
  await app.call("events.publish", { body: event }, caller);
  await app.call("events.publishBatch", { body: { events: [event, event] } }, caller);
  const seen = await app.events("functions");
  expect(seen.map(({ type, subject, data }) => ({ type, subject, data }))).toEqual([
    event,
    event,
    event,
  ]);
});

test("PATCH /webhooks/{id} changes each part alone, and what is as it was already changes nothing", async () => {
  const made = await send("POST", "/webhooks", {
    url: "http://127.0.0.1:8000/",
    events: ["a"],
    slug: "parts",
    active: false,
    description: "d",
    headers: { "X-One": "1" },
  });
  for (const [change, shown] of [
    [{ url: "http://127.0.0.1:8000/new" }, { url: "http://127.0.0.1:8000/new" }],
    [{ headers: { "X-Two": "2" } }, { headerNames: ["x-two"] }],
    [{ active: false }, { active: false }],
    [{ active: true }, { active: true }],
    [{ description: "" }, { description: "" }],
  ] as const) {
    expect(await send("PATCH", "/webhooks/parts", change)).toMatchObject({
      id: made["id"],
      ...shown,
    });
  }
  await expect(send("PATCH", "/webhooks/parts", { url: "ftp://127.0.0.1/" })).rejects.toThrow(
    "webhooks.badUrl",
  );
});
