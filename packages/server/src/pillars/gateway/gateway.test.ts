import { createLocalJWKSet, jwtVerify } from "jose";
import type { JSONWebKeySet } from "jose";
import { describe, expect, it } from "vitest";
import { fronting } from "./fronting.fixture.ts";
import { httpUpstream, speak } from "./upstreams.fixture.ts";
import type { Upstream } from "./upstreams.fixture.ts";

const ok = (): Promise<Upstream> =>
  httpUpstream((_request, response) => response.end("hello from upstream"));
const caller = { kind: "key", subject: "key_1", permissions: ["invoices:*"] } as const;

describe("a fronted application", () => {
  it("gets the request as it was sent and answers the caller as it wants", async () => {
    await using upstream = await httpUpstream((request, response) => {
      response.writeHead(201, "Made", [
        "Set-Cookie",
        "a=1",
        "Set-Cookie",
        "b=2",
        "X-Path",
        request.url ?? "",
      ]);
      response.end("made");
    });
    await using app = await fronting(upstream);
    const reply = await fetch(`${app.url}/shop/a%20b?x=1&x=2`, { method: "POST", body: "order" });
    expect(reply.status).toBe(201);
    expect(reply.statusText).toBe("Made");
    expect(reply.headers.getSetCookie()).toStrictEqual(["a=1", "b=2"]);
    expect(reply.headers.get("x-path")).toBe("/shop/a%20b?x=1&x=2");
    expect(await reply.text()).toBe("made");
    expect(upstream.seen[0]?.body).toBe("order");
  });

  it("is told who came, by which way, and under which id", async () => {
    await using upstream = await ok();
    await using app = await fronting(upstream);
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const reply = await fetch(app.url, {
      headers: {
        "x-request-id": "given-by-caller",
        traceparent: `00-${trace}-b7ad6b7169203331-01`,
        "x-forwarded-for": "6.6.6.6",
        forwarded: "for=6.6.6.6",
        "x-real-ip": "6.6.6.6",
        "portico-identity": "forged",
      },
    });
    expect(reply.headers.get("x-request-id")).toBe("given-by-caller");
    const headers = upstream.seen[0]?.headers ?? {};
    expect(headers["x-request-id"]).toBe("given-by-caller");
    expect(headers["traceparent"]).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-01$`));
    expect(headers["traceparent"]).not.toContain("b7ad6b7169203331");
    expect(headers["x-forwarded-for"]).toBe("127.0.0.1");
    expect(headers["x-forwarded-proto"]).toBe("http");
    expect(headers["x-forwarded-host"]).toBe(new URL(app.url).host);
    expect(headers["forwarded"]).toMatch(/^for=127\.0\.0\.1;proto=http;host=/);
    expect(headers["x-real-ip"]).toBeUndefined();
    expect(headers["portico-identity"]).toBeUndefined();
    expect(headers["via"]).toMatch(/^1\.1 portico-[0-9a-f]{12}$/);
  });

  it("never sees a request that came through this gateway before", async () => {
    await using upstream = await ok();
    await using app = await fronting(upstream);
    await fetch(app.url);
    const via = String(upstream.seen[0]?.headers["via"]);
    const reply = await fetch(app.url, { headers: { via: `1.0 other, ${via}` } });
    expect(reply.status).toBe(508);
    expect(await reply.json()).toMatchObject({ code: "gateway.loop" });
    expect(upstream.seen).toHaveLength(1);
  });

  it("gets duplicate fields in their order, and none that belong to the caller's connection", async () => {
    await using upstream = await ok();
    await using app = await fronting(upstream);
    const got = await speak(
      app.url,
      "GET /x HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nx-one: 2\r\nX-Hop: gone\r\nProxy: evil\r\n" +
        "Keep-Alive: timeout=9\r\nConnection: X-Hop, close\r\n\r\n",
    );
    expect(got).toContain("HTTP/1.1 200");
    const raw = upstream.seen[0]?.rawHeaders ?? [];
    const at = raw.indexOf("X-One");
    expect(raw.slice(at, at + 4)).toStrictEqual(["X-One", "1", "x-one", "2"]);
    const names = raw.filter((_each, index) => index % 2 === 0).map((each) => each.toLowerCase());
    for (const hop of ["x-hop", "proxy", "keep-alive", "te", "upgrade"]) {
      expect(names).not.toContain(hop);
    }
  });

  it.each(["Authorization", "host", "Cookie", "Content-Length", "X-Forwarded-For", "X-API-Key"])(
    "keeps %s when a caller names it in Connection: the request is refused",
    async (name) => {
      await using upstream = await ok();
      await using app = await fronting(upstream);
      const got = await speak(
        app.url,
        `GET / HTTP/1.1\r\nHost: a\r\nConnection: close, ${name}\r\n\r\n`,
      );
      expect(got).toContain("HTTP/1.1 400");
      expect(got).toContain("gateway.headRefused");
      expect(upstream.seen).toHaveLength(0);
    },
  );

  it.each([
    ["/a/../b"],
    ["/a/%2e%2E/b"],
    ["/a/..;x/b"],
    ["/a//b"],
    ["/a%2fb"],
    ["/a%5Cb"],
    ["/a%00"],
    ["/a%zz"],
    ["/a%252fb"],
    ["/a\\b"],
  ])("is never asked for %s, which two servers could read differently", async (path) => {
    await using upstream = await ok();
    await using app = await fronting(upstream);
    const got = await speak(
      app.url,
      `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    );
    expect(got).toMatch(/^HTTP\/1\.1 400 /);
    expect(upstream.seen).toHaveLength(0);
  });

  it("is asked for the path that was routed, written in its one form", async () => {
    await using upstream = await ok();
    await using app = await fronting(upstream, {
      routes: [{ path: "/admin", auth: "key" }, { path: "/*" }],
    });
    const open = await fetch(`${app.url}/%61bc%c3%a9`);
    expect(open.status).toBe(200);
    expect(upstream.seen[0]?.url).toBe("/abc%C3%A9");
    const guarded = await fetch(`${app.url}/%61dmin`);
    expect(guarded.status).toBe(401);
  });

  it("loses its base path only when told so, and gains the path of its own address", async () => {
    await using upstream = await ok();
    await using app = await fronting(
      { url: `${upstream.url}/v2/` },
      { basePath: "/shop", stripBasePath: true },
    );
    await fetch(`${app.url}/shop/items?a=1`);
    await fetch(`${app.url}/shop`);
    expect(upstream.seen.map(({ url }) => url)).toStrictEqual(["/v2/items?a=1", "/v2"]);
    expect((await fetch(`${app.url}/shopping`)).status).toBe(404);
  });
});

describe("a guarded route", () => {
  it("answers 401 with the challenge, 403 with the permission, 200 to whom it may", async () => {
    await using upstream = await ok();
    await using app = await fronting(upstream, {
      routes: [
        { path: "/invoices/{id}", methods: ["GET"], auth: "key", permissions: ["invoices:read"] },
      ],
    });
    const url = `${app.url}/invoices/7`;
    const none = await fetch(url);
    expect(none.status).toBe(401);
    expect(none.headers.get("www-authenticate")).toContain("Test");
    expect(await none.json()).toMatchObject({ code: "access.unauthenticated", status: 401 });
    const lacking = await fetch(url, {
      headers: app.as({ ...caller, permissions: ["notes:read"] }).headers,
    });
    expect(lacking.status).toBe(403);
    expect(await lacking.json()).toMatchObject({ code: "access.forbidden" });
    const user = await fetch(url, { headers: app.as({ ...caller, kind: "user" }).headers });
    expect(user.status).toBe(401);
    expect(upstream.seen).toHaveLength(0);
    expect((await fetch(url, { headers: app.as(caller).headers })).status).toBe(200);
  });

  it("answers 404 and 405 with Allow for what the API has no route for", async () => {
    await using upstream = await ok();
    await using app = await fronting(upstream, {
      routes: [{ path: "/invoices/{id}", methods: ["GET", "PUT"] }],
    });
    const wrong = await fetch(`${app.url}/invoices/7`, { method: "DELETE" });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toBe("GET, HEAD, PUT");
    const unknown = await fetch(`${app.url}/invoices`);
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({
      code: "gateway.routeUnknown",
      instance: "/invoices",
    });
    expect(upstream.seen).toHaveLength(0);
  });

  it("admits no more than its rate, says what is left, and counts nothing for the refused", async () => {
    await using upstream = await ok();
    await using app = await fronting(upstream, { auth: "key", rateLimit: 2 });
    const { headers } = app.as(caller);
    const first = await fetch(app.url, { headers });
    expect(first.headers.get("ratelimit-policy")).toBe('"2/min";q=2;w=60');
    expect(first.headers.get("ratelimit")).toMatch(/^"2\/min";r=1;t=\d+$/);
    expect((await fetch(app.url, { headers })).status).toBe(200);
    const refused = await fetch(app.url, { headers });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: "request.rateLimited" });
    expect(
      (await fetch(app.url, { headers: app.as({ ...caller, subject: "key_2" }).headers })).status,
    ).toBe(200);
    expect(upstream.seen).toHaveLength(3);
  });

  it("refuses a body beyond the limit, announced or not", async () => {
    await using upstream = await ok();
    await using app = await fronting(upstream, { bodyBytesMax: 10 });
    const announced = await fetch(app.url, { method: "POST", body: "12345678901" });
    expect(announced.status).toBe(413);
    const chunked = await speak(
      app.url,
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n",
      "gateway.bodyTooLarge",
    );
    expect(chunked).toMatch(/^HTTP\/1\.1 413 /);
    expect(upstream.seen).toHaveLength(0);
  });
});

describe("the caller's identity", () => {
  it("reaches the upstream signed, verifiable with the published keys, and without the credential", async () => {
    await using upstream = await ok();
    await using app = await fronting(upstream, { auth: "key" });
    await fetch(app.url, { headers: { ...app.as(caller).headers, "x-api-key": "secret-1" } });
    const seen = upstream.seen[0];
    expect(JSON.stringify(seen?.rawHeaders)).not.toContain("secret-1");
    const keySet = await fetch(`${app.url}/.well-known/jwks.json`);
    const jwks = createLocalJWKSet((await keySet.json()) as JSONWebKeySet);
    const { payload, protectedHeader } = await jwtVerify(
      String(seen?.headers["portico-identity"]),
      jwks,
      { audience: "shop", issuer: app.url },
    );
    expect(protectedHeader.alg).toBe("ES256");
    expect(payload).toMatchObject({
      sub: "key_1",
      organization: "default",
      kind: "key",
      permissions: ["invoices:*"],
    });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(120);
  });

  it("cannot be told by the caller", async () => {
    await using upstream = await ok();
    for (const auth of ["key", "none"]) {
      await using app = await fronting(upstream, { auth });
      const forged = { "portico-identity": "forged", "PORTICO-IDENTITY": "forged" };
      await fetch(app.url, { headers: { ...app.as(caller).headers, ...forged } });
    }
    expect(upstream.seen).toHaveLength(2);
    expect(JSON.stringify(upstream.seen)).not.toContain("forged");
  });

  it("is not told on routes that ask for no credential, whose credentials pass untouched", async () => {
    await using upstream = await ok();
    await using app = await fronting(upstream);
    await fetch(app.url, {
      headers: { ...app.as(caller).headers, authorization: "Bearer app-own" },
    });
    expect(upstream.seen[0]?.headers["portico-identity"]).toBeUndefined();
    expect(upstream.seen[0]?.headers["authorization"]).toBe("Bearer app-own");
  });
});
