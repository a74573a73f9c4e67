// Keys, limits and the gateway together, on every database: whose calls are counted, what is told, what is given back.
import { createServer } from "node:http";
import { expect, describe, it } from "vitest";
import {
  createTestApp,
  fakeClock,
  openTestDatabase,
  storeKinds,
  type FakeClock,
  type StoreKind,
  type TestApp,
} from "../packages/server/src/kernel/testing/index.ts";
import { gateway } from "../packages/server/src/pillars/gateway/index.ts";
import { keys } from "../packages/server/src/pillars/keys/index.ts";
import { limits } from "../packages/server/src/pillars/limits/index.ts";

interface Bench extends AsyncDisposable {
  readonly app: TestApp;
  readonly clock: FakeClock;
  readonly url: string;
  /** What the upstream was asked for. */
  readonly asked: readonly string[];
  /** Calls to `/held` that wait at the upstream. */
  readonly held: () => number;
  /** Answers one of them. */
  readonly letGo: () => void;
  create(body: object): Promise<string>;
  ask(path: string, key?: string): Promise<Response>;
}

const policies = {
  few: { limit: 3, window: "hour", per: "user" },
  one: { concurrency: 1, per: "api" },
};
const routes = [
  { path: "/few", rateLimit: "few" },
  { path: "/also", rateLimit: ["few", { limit: 100, per: "api" }] },
  { path: "/held", rateLimit: "one" },
  { path: "/*" },
];

async function bench(kind: StoreKind): Promise<Bench> {
  const held: (() => void)[] = [];
  const asked: string[] = [];
  const upstream = createServer((request, response) => {
    asked.push(request.url ?? "");
    if (request.url === "/held") held.push(() => response.end("held"));
    else response.end("ok");
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const at = upstream.address();
  const port = typeof at === "object" && at !== null ? at.port : 0;
  const database = await openTestDatabase(kind);
  const clock = fakeClock();
  const api = { id: "shop", upstream: `http://127.0.0.1:${port}`, auth: "key", routes };
  const app = await createTestApp({
    plugins: [keys(), limits(), gateway()],
    driver: database.driver,
    clock,
    settings: {
      keys: { queryParameter: "api_key" },
      limits: { policies, xRateLimitHeaders: true },
      gateway: { apis: [api] },
    },
  });
  const { url } = await app.listen("127.0.0.1", 0);
  return {
    app,
    clock,
    url,
    asked,
    held: () => held.length,
    letGo: () => held.shift()?.(),
    create: async (body) => {
      const reply = await app
        .as()
        .post("/keys", { name: "a", permissions: ["keys:read"], ...body });
      return (reply.json() as { readonly key: string }).key;
    },
    ask: (path, key) =>
      fetch(`${url}${path}`, { headers: key === undefined ? {} : { "x-api-key": key } }),
    async [Symbol.asyncDispose]() {
      upstream.closeAllConnections();
      upstream.close();
      await app.stop(100);
      await database[Symbol.asyncDispose]();
    },
  };
}

describe.each(storeKinds)("keys and limits [%s]", (kind) => {
  it("a key's own limits count over fronted calls, own operations and verifications together", async () => {
    await using it = await bench(kind);
    const key = await it.create({ rateLimit: 5, quotas: [{ limit: 6, window: "day" }] });
    const first = await it.ask("/x", key);
    expect(first.headers.get("ratelimit-policy")).toBe('"5/min";q=5;w=60, "6/day";q=6;w=86400');
    expect(first.headers.get("ratelimit")).toBe('"5/min";r=4;t=12, "6/day";r=5;t=86400');
    expect(first.headers.get("x-ratelimit-limit")).toBe("5");
    expect(first.headers.get("x-ratelimit-remaining")).toBe("4");
    expect(first.headers.get("x-ratelimit-reset")).toBe(
      String(Date.UTC(2026, 0, 1, 0, 0, 12) / 1_000),
    );
    const own = await it.ask("/api/v1/keys", key);
    expect([own.status, own.headers.get("x-ratelimit-remaining")]).toEqual([200, "3"]);
    const verify = async (cost: number): Promise<unknown> =>
      (await it.app.as().post("/keys/verify", { key, cost })).json();
    expect(await verify(3)).toMatchObject({ valid: true, remaining: 0, cost: 3 });
    expect(await verify(1)).toMatchObject({ valid: false, code: "rateLimited", cost: 0 });
    const refused = await it.ask("/x", key);
    expect([refused.status, await refused.json()]).toMatchObject([
      429,
      { code: "request.rateLimited", "violated-policies": ["5/min"] },
    ]);
    await it.clock.advance(60_000);
    expect((await it.ask("/x", key)).status).toBe(200);
    expect(await verify(1)).toMatchObject({ valid: false, code: "usageExceeded" });
  });

  it("a named policy per user is one count over routes, keys and POST /limits/check", async () => {
    await using it = await bench(kind);
    const [one, two] = [await it.create({ userId: "7" }), await it.create({ userId: "7" })];
    expect((await it.ask("/few", one)).status).toBe(200);
    expect((await it.ask("/also", two)).status).toBe(200);
    const body = { userId: "7", rateLimit: "few" };
    expect((await it.app.as().post("/limits/check", body)).json()).toMatchObject({
      allowed: true,
      remaining: 0,
    });
    for (const path of ["/few", "/also"]) expect((await it.ask(path, two)).status).toBe(429);
    const other = await it.create({ userId: "8" });
    const reply = await it.ask("/also", other);
    // The refused call took nothing of the other policy: two were let through before this one.
    expect([reply.status, reply.headers.get("ratelimit")]).toEqual([
      200,
      expect.stringContaining('"100/min per api";r=98;'),
    ]);
  });

  it("a key in the query ends at the gateway, and the rest of the query goes on as it was", async () => {
    await using it = await bench(kind);
    const key = await it.create({});
    for (const query of [`?a=1&api_key=${key}&b=%20+`, `?api_key=${key}`, `?api%5Fkey=${key}&c`]) {
      expect((await it.ask(`/q${query}`)).status).toBe(200);
    }
    expect(it.asked).toEqual(["/q?a=1&b=%20+", "/q", "/q?c"]);
  });

  it("a call under way is given back when it is answered, and when its caller leaves", async () => {
    await using it = await bench(kind);
    const key = await it.create({});
    const first = it.ask("/held", key);
    await expect.poll(it.held).toBe(1);
    expect((await it.ask("/held?quick", key)).status).toBe(429);
    it.letGo();
    expect((await first).status).toBe(200);
    await expect.poll(async () => (await it.ask("/held?quick", key)).status).toBe(200);
    const leaving = new AbortController();
    const headers = { "x-api-key": key };
    const gone = fetch(`${it.url}/held`, { headers, signal: leaving.signal });
    await expect.poll(it.held).toBe(1);
    expect((await it.ask("/held?quick", key)).status).toBe(429);
    leaving.abort();
    await expect(gone).rejects.toThrow("abort");
    await expect.poll(async () => (await it.ask("/held?quick", key)).status).toBe(200);
  });
});
