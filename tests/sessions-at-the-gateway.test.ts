// One sign-in reaches everything: Portico's own operations, and the application behind the gateway, by token and by cookie.
import { createServer } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { createLocalJWKSet, jwtVerify } from "jose";
import type { JSONWebKeySet } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestApp, type TestApp } from "../packages/server/src/kernel/testing/index.ts";
import { builtIns } from "../packages/server/src/platform.ts";

const seen: IncomingHttpHeaders[] = [];
const upstream = createServer((request, response) => {
  seen.push(request.headers);
  response.end("shop");
});
let app: TestApp;
let url = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => {
    upstream.listen(0, "127.0.0.1", resolve);
  });
  const { port } = upstream.address() as AddressInfo;
  const shop = { id: "shop", upstream: `http://127.0.0.1:${port}`, auth: "token" };
  app = await createTestApp({ plugins: builtIns(), settings: { gateway: { apis: [shop] } } });
  ({ url } = await app.listen("127.0.0.1", 0));
});
afterAll(async () => {
  await app.stop();
  upstream.close();
});

interface SignedIn {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly cookie: string;
  readonly userId: string;
}

const password = "a long walk by the river";

async function post(
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Response> {
  return await fetch(`${url}/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

async function signIn(username: string, more: object = {}): Promise<SignedIn> {
  await post("/auth/register", { username, password });
  const reply = await post("/auth/login", { username, password, ...more }, { origin: url });
  expect(reply.status).toBe(200);
  const { accessToken, refreshToken, user } = (await reply.json()) as SignedIn & {
    user: { id: string };
  };
  const cookies = reply.headers.getSetCookie().map((each) => each.split(";")[0] ?? "");
  const cookie = cookies.find((each) => each.includes("pss_")) ?? "";
  return { accessToken, refreshToken, cookie, userId: user.id };
}

test("a token opens the application, which is told who calls and not by which token", async () => {
  const { accessToken, userId } = await signIn("grace");
  const reply = await fetch(`${url}/orders`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  expect([reply.status, await reply.text()]).toEqual([200, "shop"]);
  const told = seen.at(-1);
  expect(JSON.stringify(told)).not.toContain(accessToken);
  const keys = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
  // The gateway's key and that of access tokens are one set.
  expect(keys.keys).toHaveLength(2);
  const identity = String(told?.["portico-identity"]);
  const { payload } = await jwtVerify(identity, createLocalJWKSet(keys), { audience: "shop" });
  expect(payload).toMatchObject({ sub: userId, kind: "user", organization: "default" });
});

test("a browser's cookie opens it for pages of this origin, and ends at the gateway", async () => {
  const { cookie, refreshToken } = await signIn("alan", { cookie: true });
  expect(refreshToken).toBeNull();
  const headers = { cookie: `theme=dark; ${cookie}; lang=de`, origin: url };
  const order = await fetch(`${url}/orders`, { method: "POST", headers });
  expect(order.status).toBe(200);
  expect(seen.at(-1)?.cookie).toBe("theme=dark; lang=de");
  const before = seen.length;
  const forged = await fetch(`${url}/orders`, {
    method: "POST",
    headers: { ...headers, origin: "https://evil.example" },
  });
  expect(forged.status).toBe(403);
  expect(await forged.json()).toMatchObject({ code: "identity.crossSite" });
  expect(seen).toHaveLength(before);
});

test("signing out closes the application from the answer on", async () => {
  const { accessToken } = await signIn("edsger");
  const headers = { authorization: `Bearer ${accessToken}` };
  expect((await fetch(`${url}/orders`, { headers })).status).toBe(200);
  expect((await post("/auth/logout", {}, headers)).status).toBe(204);
  expect((await fetch(`${url}/orders`, { headers })).status).toBe(401);
});

test("without a token the application is closed, and a key is no person's token", async () => {
  expect((await fetch(`${url}/orders`)).status).toBe(401);
  const made = await app.as().post("/keys", { name: "a key", permissions: [] });
  const { key } = made.json() as { key: string };
  const reply = await fetch(`${url}/orders`, { headers: { authorization: `Bearer ${key}` } });
  expect(reply.status).toBe(401);
});
