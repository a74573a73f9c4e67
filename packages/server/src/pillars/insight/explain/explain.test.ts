import { add, Authenticators, definePlugin, Explainers } from "portico/kernel";
import type { AnyPlugin, Caller, Explanation } from "portico/kernel";
import { createTestApp } from "portico/testing";
import type { TestApp } from "portico/testing";
import { describe, expect, it } from "vitest";
import { hello } from "../hello.fixture.ts";
import { insight } from "../index.ts";

const callerOf = (organization: string, permissions: readonly string[]): Caller => ({
  kind: "key",
  organization,
  subject: `key_${organization}`,
  permissions,
  instancePermissions: [],
  limits: ["5/min"],
});

/** Keys that are found by their id; one is revoked, one is another organization's. */
const keysOfOthers: AnyPlugin = definePlugin({
  id: "somekeys",
  version: "1.0.0",
  engine: "^1",
  contributes: [
    add(Authenticators, {
      id: "somekeys",
      challenge: "Bearer",
      find: ({ headers }) => {
        const found = headers["x-some-key"];
        return typeof found === "string" ? found : undefined;
      },
      identify: (organization) => callerOf(organization, []),
      lookUp: (id) => {
        const found = {
          key_good: { caller: callerOf("default", ["insight:read"]), refusal: null },
          key_weak: { caller: callerOf("default", []), refusal: null },
          key_revoked: { caller: callerOf("default", ["*"]), refusal: "keys.invalid" },
          key_theirs: { caller: callerOf("other", ["*"]), refusal: null },
        }[id];
        return Promise.resolve(found);
      },
    }),
    add(Explainers, {
      id: "somekeys",
      explain: ({ target, method, caller }) =>
        Promise.resolve(
          target.startsWith("/shop")
            ? {
                valid: true,
                route: "/shop/*",
                api: "shop",
                version: "2",
                permissions: [],
                rateLimit: [],
                decisions: [{ step: "route", outcome: method, facts: { by: caller.subject } }],
                problems: [],
              }
            : undefined,
        ),
    }),
  ],
});

function open(): Promise<TestApp> {
  return createTestApp({ plugins: [hello, keysOfOthers, insight()] });
}

async function ask(app: TestApp, body: object): Promise<Explanation> {
  const reply = await app.as({ permissions: ["insight:read"] }).post("/requests/explain", body);
  expect(reply.status, reply.text).toBe(200);
  return reply.json() as Explanation;
}

describe("POST /requests/explain", () => {
  it("tells of an operation who may call it, and why another may not", async () => {
    await using app = await open();
    const path = "/api/v1/requests?limit=1";
    expect(await ask(app, { method: "get", path, keyId: "key_good" })).toMatchObject({
      valid: true,
      route: "/api/v1/requests",
      permissions: ["insight:read"],
      rateLimit: ["5/min"],
      problems: [],
    });
    expect(await ask(app, { method: "GET", path, keyId: "key_weak" })).toMatchObject({
      valid: false,
      problems: [{ code: "access.forbidden", status: 403 }],
    });
    expect(await ask(app, { method: "GET", path })).toMatchObject({
      problems: [{ code: "access.unauthenticated", status: 401 }],
    });
    expect(await ask(app, { method: "GET", path, keyId: "key_revoked" })).toMatchObject({
      valid: false,
      problems: [{ code: "keys.invalid", status: 401 }],
    });
    const headers = { "X-Some-Key": "default" };
    expect(await ask(app, { method: "GET", path, headers })).toMatchObject({
      problems: [{ code: "access.forbidden" }],
    });
  });

  it("tells of unknown paths and methods, prefers words to parameters, and knows pages", async () => {
    await using app = await open();
    expect(await ask(app, { method: "DELETE", path: "/api/v1/hello/ada" })).toMatchObject({
      problems: [{ code: "request.methodNotAllowed", status: 405 }],
    });
    expect(await ask(app, { method: "GET", path: "/api/v1/nothing" })).toMatchObject({
      valid: false,
      problems: [{ code: "request.notFound" }],
    });
    expect(await ask(app, { method: "GET", path: "/elsewhere" })).toMatchObject({
      valid: false,
      route: null,
    });
    expect(await ask(app, { method: "POST", path: "/api/v1/requests/explain" })).toMatchObject({
      route: "/api/v1/requests/explain",
    });
    expect(await ask(app, { method: "GET", path: "/health" })).toMatchObject({ valid: true });
  });

  it("asks whoever contributes, with the caller", async () => {
    await using app = await open();
    const answer = await ask(app, { method: "GET", path: "/shop/1", keyId: "key_good" });
    expect(answer).toMatchObject({
      api: "shop",
      version: "2",
      decisions: [{ outcome: "GET", facts: { by: "key_default" } }],
    });
  });

  it("never tells of another organization's keys, nor takes what is no path", async () => {
    await using app = await open();
    const as = app.as({ permissions: ["insight:read"] });
    const post = async (body: object): Promise<unknown> => {
      const reply = await as.post("/requests/explain", body);
      return [reply.status, (reply.json() as { code: string }).code];
    };
    const path = "/api/v1/requests";
    for (const keyId of ["key_theirs", "key_nobodys", ""]) {
      expect(await post({ method: "GET", path, keyId })).toStrictEqual([
        404,
        "insight.keyNotFound",
      ]);
    }
    const headers = { "x-some-key": "other" };
    expect(await post({ method: "GET", path, headers })).toStrictEqual([
      404,
      "insight.keyNotFound",
    ]);
    expect(await post({ method: "GET", path: "http://x/" })).toStrictEqual([
      422,
      "insight.badTarget",
    ]);
    expect(await post({ method: "GET /", path })).toStrictEqual([422, "request.invalid"]);
    const weak = app.as({ permissions: [] });
    expect((await weak.post("/requests/explain", { method: "GET", path })).status).toBe(403);
  });

  it("counts and stores nothing", async () => {
    await using app = await open();
    for (let round = 0; round < 20; round += 1) {
      await ask(app, { method: "GET", path: "/api/v1/requests", keyId: "key_good" });
    }
    expect(await app.events()).toStrictEqual([]);
  });
});
