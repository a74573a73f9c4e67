// What the gateway does is told afterwards: decisions, bodies, times apart, failures. Across pillars, over a socket.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestApp, type TestApp } from "../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";
import { makeKey } from "./bad-input/house.ts";

const UPSTREAM_MS = 40;
const shop = createServer((request, response) => {
  request.resume();
  if (request.url === "/shop/broken") {
    response.writeHead(503).end();
    return;
  }
  setTimeout(() => {
    response.setHeader("content-type", "application/json");
    response.setHeader("set-cookie", "sid=verysecret");
    response.end(JSON.stringify({ paid: true, token: "verysecret" }));
  }, UPSTREAM_MS);
});

let app: TestApp;
let url = "";
let key = "";
const operator = { permissions: ["*"], instancePermissions: ["*"] };

beforeAll(async () => {
  shop.listen(0, "127.0.0.1");
  await once(shop, "listening");
  const upstream = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`;
  const routes = [
    { path: "/limited", rateLimit: "1/min" },
    { path: "/ledger", permissions: ["gl:write"] },
    { path: "/{rest}" },
  ];
  app = await createTestApp({
    plugins: builtIns(),
    settings: {
      gateway: {
        apis: [
          { id: "shop", basePath: "/shop", upstream, auth: "key", routes },
          { id: "gone", basePath: "/gone", upstream: "http://127.0.0.1:1" },
        ],
      },
      insight: { bodies: { oneIn: 1, bytesMax: 64 } },
    },
  });
  ({ url } = await app.listen("127.0.0.1", 0));
  key = await makeKey(app, { permissions: ["events:read"] });
});
afterAll(async () => {
  await app.stop(1_000);
  shop.closeAllConnections();
  shop.close();
});

interface Told {
  readonly id: string;
  readonly key: string | null;
  readonly decisions: readonly { readonly step: string; readonly outcome: string }[];
  readonly [name: string]: unknown;
}

/** Calls, and answers what is told of the call afterwards. */
async function called(
  path: string,
  init: Omit<RequestInit, "headers"> & { readonly headers?: Record<string, string> } = {},
  withKey = true,
): Promise<Told> {
  const headers = { ...(withKey ? { "x-api-key": key } : {}), ...init.headers };
  const reply = await fetch(`${url}${path}`, { ...init, headers });
  await reply.arrayBuffer();
  const id = reply.headers.get("x-request-id") ?? "";
  // The log is told when the reply is out, which the caller may see first.
  for (let round = 0; round < 50; round += 1) {
    const found = await app.as(operator).get(`/requests/${id}`);
    if (found.status === 200) return found.json() as Told;
    await new Promise((done) => setTimeout(done, 10));
  }
  return expect.fail(`there is no row of ${id}`);
}

const steps = ({ decisions }: Told): readonly string[] =>
  decisions.map(({ step, outcome }) => `${step} ${outcome}`);

test("a fronted call tells its route, key, limit and upstream, and its time apart", async () => {
  const told = await called("/shop/limited?page=2&token=verysecret");
  expect(steps(told)).toEqual([
    "route found",
    "key known",
    "limit allowed",
    "upstream answered",
    "answer given",
  ]);
  expect(told).toMatchObject({
    api: "shop",
    route: "/shop/limited",
    status: 200,
    key: expect.stringMatching(/^key_/),
    keyName: expect.any(String),
    query: "page=2&token=[redacted]",
    bytesOut: JSON.stringify({ paid: true, token: "verysecret" }).length,
  });
  expect(told["upstreamMs"]).toBeGreaterThan(UPSTREAM_MS * 0.8);
  expect(told["upstreamMs"]).toBeLessThanOrEqual(told["durationMs"] as number);
  expect(JSON.stringify(told)).not.toContain("verysecret");
  expect(JSON.stringify(told)).not.toContain(key);
});

test("a refused call tells what refused it", async () => {
  await called("/shop/limited");
  expect(steps(await called("/shop/limited"))).toEqual([
    "route found",
    "key known",
    "limit refused",
    "answer refused",
  ]);
  expect(steps(await called("/shop/limited", {}, false))).toEqual([
    "route found",
    "key refused",
    "answer refused",
  ]);
  expect(steps(await called("/shop/ledger"))).toEqual([
    "route found",
    "key known",
    "permission refused",
    "answer refused",
  ]);
  expect(steps(await called("/shop/no/such/route"))).toEqual(["route unknown", "answer refused"]);
});

test("bodies are sampled where that is asked for, bounded and redacted", async () => {
  const json = { "content-type": "application/json" };
  const small = await called("/shop/pay", {
    method: "POST",
    headers: json,
    body: `{"card":"x","password":"verysecret"}`,
  });
  expect(small["requestBody"]).toEqual({
    mediaType: "application/json",
    text: `{"card":"x","password":"[redacted]"}`,
    note: null,
  });
  expect(small["replyBody"]).toMatchObject({ text: `{"paid":true,"token":"[redacted]"}` });
  const body = JSON.stringify({ password: "verysecret".repeat(50) });
  const large = await called("/shop/pay", { method: "POST", headers: json, body });
  expect(large["requestBody"]).toMatchObject({ text: null, note: expect.stringContaining("64") });
  expect(large["bytesIn"]).toBe(body.length);
});

test("failures of upstreams are grouped, apart by how they failed", async () => {
  await called("/shop/broken");
  await called("/shop/broken");
  await called("/gone/away", {}, false);
  const reply = await app.as(operator).get("/errors?kind=upstream");
  expect(reply.json()).toMatchObject({
    data: expect.arrayContaining([
      expect.objectContaining({ place: "GET /shop/{rest}", count: 2, code: null }),
      expect.objectContaining({ code: "gateway.upstreamUnreachable", count: 1 }),
    ]),
  });
});

test("analytics tell the gateway's own time apart from the upstream's", async () => {
  await called("/shop/timed");
  const value = async (metric: string): Promise<number> => {
    const query = `metric=${metric}&by=api&api=shop&status=2xx`;
    const { lines } = (await app.as(operator).get(`/analytics?${query}`)).json() as {
      readonly lines: readonly { readonly total: number }[];
    };
    return lines[0]?.total ?? Number.NaN;
  };
  const [whole, gateway, upstream] = [
    await value("duration.mean"),
    await value("gateway.mean"),
    await value("upstream.mean"),
  ];
  expect(gateway + upstream).toBeCloseTo(whole, 1);
  expect(upstream).toBeGreaterThan(gateway);
});

test("what would be decided about a fronted call is told without making it", async () => {
  const { key: keyId } = await called("/shop/limited");
  const ask = async (body: object): Promise<unknown> =>
    (await app.as(operator).post("/requests/explain", body)).json();
  expect(await ask({ method: "POST", path: "/shop/ledger", keyId })).toMatchObject({
    valid: false,
    route: "/shop/ledger",
    api: "shop",
    permissions: ["gl:write"],
    problems: [{ code: "access.forbidden", status: 403 }],
  });
  expect(await ask({ method: "GET", path: "/shop/limited", keyId })).toMatchObject({
    valid: true,
    rateLimit: ["1/min"],
  });
  expect(await ask({ method: "GET", path: "/shop/limited" })).toMatchObject({
    problems: [{ code: "access.unauthenticated" }],
  });
  expect(await ask({ method: "GET", path: "/shop/a/b/c" })).toMatchObject({
    problems: [{ code: "gateway.routeUnknown" }],
  });
  expect(await ask({ method: "GET", path: "/gone/x" })).toMatchObject({ valid: true, api: "gone" });
});
