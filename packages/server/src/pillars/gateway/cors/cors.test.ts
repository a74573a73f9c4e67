import { describe, expect, it, test } from "vitest";
import { caching, counting } from "../cache/caching.fixture.ts";
import { allowsOrigin, corsRules } from "./rules.ts";
import type { CorsRules } from "./rules.ts";

const app = "https://app.test";
const asks = (origin: string, method: string, headers?: string): Record<string, string> => ({
  origin,
  "access-control-request-method": method,
  ...(headers === undefined ? {} : { "access-control-request-headers": headers }),
});

describe("an origin", () => {
  const rules = (origins: string[], rest = {}): CorsRules => {
    const compiled = corsRules({ origins, ...rest });
    if (Array.isArray(compiled)) throw new TypeError(compiled.join());
    return compiled as CorsRules;
  };

  test.each([
    [["https://app.test"], "https://app.test", true],
    [["https://app.test"], "http://app.test", false],
    [["https://app.test"], "https://app.test:8443", false],
    [["https://app.test"], "https://app.test.evil.test", false],
    [["https://app.test"], "null", false],
    [["https://*.app.test"], "https://a.b.app.test", true],
    [["https://*.app.test"], "https://app.test", false],
    [["https://*.app.test"], "https://.app.test", false],
    [["https://*.app.test"], "https://evil.test/.app.test", false],
    [["https://*.app.test"], "https://evil.test?.app.test", false],
    [["https://*.app.test"], "https://evilapp.test", false],
    [["*"], "https://any.test", true],
  ])("of %j: may %s? %s", (origins, origin, expected) => {
    expect(allowsOrigin(rules(origins), origin)).toBe(expected);
  });

  test.each([
    [{ origins: ["*"], credentials: true }, /credentials to every origin/],
    [{ origins: ["*", "https://app.test"] }, /beside \*/],
    [{ origins: ["https://app.test/"] }, /is no origin/],
    [{ origins: ["app.test"] }, /is no origin/],
    [{ origins: ["null"] }, /is no origin/],
    [{ origins: ["https://APP.test"] }, /is no origin/],
    [{ origins: ["https://a.*.test"] }, /is no origin/],
  ])("that cannot be meant is refused when the settings are read: %j", async (cors, reason) => {
    const opening = caching({ listener: counting({}), api: { cors } });
    const message = expect.stringMatching(reason) as unknown;
    await expect(opening).rejects.toMatchObject({ cause: { code: "gateway.badConfig", message } });
  });
});

describe("a preflight", () => {
  it("is answered before anybody is identified or counted, and never reaches the application", async () => {
    const cors = { origins: [app], credentials: true, maxAgeSeconds: 60 };
    await using it = await caching({ listener: counting({}), api: { auth: "key", cors } });
    const reply = await it.ask("/a", asks(app, "PUT", "authorization, Content-Type"), "OPTIONS");
    expect(reply).toMatchObject({ status: 204, body: "" });
    expect(reply.headers).toMatchObject({
      "access-control-allow-origin": app,
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
      "access-control-max-age": "60",
      vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
    });
    expect(reply.headers["access-control-allow-headers"]).toContain("authorization");
    expect(it.upstream.seen).toHaveLength(0);
    expect(it.admitted()).toBe(0);
  });

  test.each([
    ["https://evil.test", "GET", undefined, "the origin 'https://evil.test'"],
    ["null", "GET", undefined, "the origin 'null'"],
    [app, "TRACE", undefined, "the method 'TRACE'"],
    [app, "PUT", "x-secret", "the header 'x-secret'"],
  ])("for what the API does not allow says so: %s %s %s", async (origin, method, headers, what) => {
    await using it = await caching({ listener: counting({}), api: { cors: { origins: [app] } } });
    const reply = await it.ask("/a", asks(origin, method, headers), "OPTIONS");
    expect(reply.status).toBe(403);
    expect(reply.body).toContain(what);
    expect(reply.body).toContain('"code":"gateway.corsRefused"');
    expect(it.upstream.seen).toHaveLength(0);
  });

  it("is answered for the method that it asks about, where a route has only that one", async () => {
    const routes = [{ path: "/a", methods: ["PATCH"] }];
    await using it = await caching({
      listener: counting({}),
      api: { cors: { origins: ["*"] }, routes },
    });
    const reply = await it.ask("/a", asks(app, "PATCH"), "OPTIONS");
    expect(reply.status).toBe(204);
    expect(reply.headers["access-control-allow-origin"]).toBe("*");
    expect(reply.headers).not.toHaveProperty("access-control-allow-credentials");
  });

  it("is the application's where the API has no rules, and any other OPTIONS always", async () => {
    await using it = await caching({ listener: counting({}) });
    expect((await it.ask("/a", asks(app, "GET"), "OPTIONS")).status).toBe(200);
    await using other = await caching({
      listener: counting({}),
      api: { cors: { origins: [app] } },
    });
    expect((await other.ask("/a", { origin: app }, "OPTIONS")).status).toBe(200);
    expect(other.upstream.seen).toHaveLength(1);
  });
});

describe("a reply to a page", () => {
  const theirs = {
    "access-control-allow-origin": "*",
    "Access-Control-Allow-Methods": "TRACE",
    vary: "Accept",
  };

  it("carries the API's rules and none of the application's; who may not gets none", async () => {
    const cors = { origins: [app], exposeHeaders: ["X-Total"] };
    await using it = await caching({ listener: counting(theirs), api: { cors } });
    const reply = await it.ask("/a", { origin: app });
    expect(reply.headers).toMatchObject({
      "access-control-allow-origin": app,
      vary: "Accept, Origin",
      "access-control-expose-headers":
        "RateLimit, RateLimit-Policy, Retry-After, Deprecation, Sunset, X-Request-Id, X-Total",
    });
    expect(reply.headers).not.toHaveProperty("access-control-allow-methods");
    for (const headers of [{ origin: "https://evil.test" }, {}]) {
      const other = await it.ask("/a", headers);
      expect(other.status).toBe(200);
      expect(other.headers).not.toHaveProperty("access-control-allow-origin");
      expect(other.headers["vary"]).toBe("Accept, Origin");
    }
  });

  it("is the caller's own when it comes from the cache", async () => {
    const headers = { "cache-control": "max-age=60" };
    const cors = { origins: [app, "https://b.test"] };
    await using it = await caching({ listener: counting(headers), api: { cors } });
    for (const origin of [app, "https://b.test", "https://evil.test"]) {
      const reply = await it.ask("/a", { origin });
      const allowed = origin === "https://evil.test" ? undefined : origin;
      expect(reply.headers["access-control-allow-origin"]).toBe(allowed);
    }
    expect(it.upstream.seen).toHaveLength(1);
  });

  it("can be read when it is a refusal", async () => {
    const routes = [{ path: "/a", methods: ["GET"], auth: "key" }];
    const cors = { origins: [app] };
    await using it = await caching({ listener: counting({}), api: { routes, cors } });
    for (const [method, path, status] of [
      ["GET", "/a", 401],
      ["GET", "/none", 404],
      ["DELETE", "/a", 405],
    ] as const) {
      const reply = await it.ask(path, { origin: app }, method);
      expect(reply.status).toBe(status);
      expect(reply.headers["access-control-allow-origin"]).toBe(app);
      expect(reply.headers["vary"]).toBe("Origin");
      const evil = await it.ask(path, { origin: "https://evil.test" }, method);
      expect(evil.headers).not.toHaveProperty("access-control-allow-origin");
    }
  });
});
