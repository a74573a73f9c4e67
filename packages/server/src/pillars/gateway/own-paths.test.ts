// One origin for Portico and the application behind it: who has which path, and how to have them all.
import { describe, expect, it } from "vitest";
import { tableApp } from "./table.fixture.ts";
import { httpUpstream } from "./upstreams.fixture.ts";
import type { Upstream } from "./upstreams.fixture.ts";

/** An application that has, at the very paths that Portico has too, something of its own. */
const application = (): Promise<Upstream> =>
  httpUpstream((request, response) => response.end(`application ${request.url ?? ""}`));
const PATHS = ["/api/users", "/api/keys", "/health", "/docs", "/livez", "/metrics"];

async function answerOf(url: string, path: string, host?: string): Promise<string> {
  const { port } = new URL(url);
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    const headers = host === undefined ? {} : { host };
    const sent = request({ host: "127.0.0.1", port, path, headers }, (reply) => {
      let text = "";
      reply.setEncoding("utf8");
      reply.on("data", (chunk: string) => (text += chunk));
      reply.on("end", () => resolve(text));
    });
    sent.on("error", reject);
    sent.end();
  });
}

describe("Portico's own paths", () => {
  it("win over a catch-all, and are everything but the application's", async () => {
    await using upstream = await application();
    await using server = await tableApp({ apis: [{ id: "app", upstream: upstream.url }] });
    const answers = await Promise.all(PATHS.map((path) => answerOf(server.url, path)));
    expect(answers.filter((text) => text.startsWith("application"))).toEqual([
      "application /api/users",
      "application /api/keys",
      "application /docs",
    ]);
    expect(answers[2]).toContain('"status":"ok"');
  });

  it("are refused to a route that names one, with both names, in the file and over the API", async () => {
    await using upstream = await application();
    const api = { id: "app", upstream: upstream.url };
    const message = "route 'app /health' (/health) collides with Portico's own path /health";
    await expect(tableApp({ apis: [{ ...api, routes: [{ path: "/health" }] }] })).rejects.toThrow(
      expect.objectContaining({
        cause: expect.objectContaining({ message: expect.stringContaining(message) as string }),
      }),
    );
    await using server = await tableApp({ apis: [{ ...api, routes: [] }] });
    const refused = await server.operator.post("/gateway/routes", { path: "/api/v1/gateway/{x}" });
    expect([refused.status, refused.text]).toMatchObject([
      422,
      expect.stringContaining("collides with Portico's own path /api/v1/gateway/apis"),
    ]);
  });

  it("move below a base path, and leave every other to the application", async () => {
    await using upstream = await application();
    const routes = [...PATHS.map((path) => ({ path })), { path: "/*" }];
    const apis = [{ id: "app", upstream: upstream.url, routes }];
    await using server = await tableApp({ apis }, { basePath: "/_portico" });
    for (const path of PATHS) {
      expect(await answerOf(server.url, path)).toBe(`application ${path}`);
    }
    expect(await answerOf(server.url, "/_portico/livez")).toBe("ok\n");
    expect((await server.operator.get("/gateway/routes")).status).toBe(200);
  });

  it("move to a host of their own, where no API can be, and leave all other hosts to the application", async () => {
    await using upstream = await application();
    const routes = PATHS.map((path) => ({ path }));
    const apis = [{ id: "app", upstream: upstream.url, routes }];
    const ownHost = "portico.example.com";
    await using server = await tableApp({ apis }, { ownHost });
    for (const path of PATHS) {
      expect(await answerOf(server.url, path, "shop.example.com")).toBe(`application ${path}`);
    }
    expect(await answerOf(server.url, "/livez", ownHost)).toBe("ok\n");
    expect(await answerOf(server.url, "/api/keys", ownHost)).toContain("request.notFound");
    const { operator } = server;
    const body = { id: "mine", upstream: upstream.url, host: "Portico.Example.com" };
    const refused = await operator.post("/gateway/apis", body);
    expect(refused.text).toContain("its host portico.example.com is Portico's own");
  });
});

describe("what is asked about a call", () => {
  it("is answered as the call would be, and never asks the upstream", async () => {
    await using upstream = await application();
    const routes = [
      { path: "/a/{id}", methods: ["GET"], auth: "key", permissions: ["gl:read"], rateLimit: 5 },
    ];
    await using server = await tableApp({
      apis: [{ id: "app", basePath: "/app", upstream: upstream.url, routes }],
    });
    const ask = async (body: Record<string, unknown>): Promise<unknown> =>
      (await server.operator.post("/gateway/validate", body)).json();
    expect(await ask({ method: "get", path: "/app/a/7?x=1" })).toMatchObject({
      valid: true,
      route: { path: "/app/a/{id}", auth: "key" },
      permission: "gl:read",
      rateLimit: "5/min",
      problems: [],
    });
    for (const [method, path, code] of [
      ["DELETE", "/app/a/7", "gateway.methodNotAllowed"],
      ["GET", "/app/b", "gateway.routeUnknown"],
      ["GET", "/else", "request.notFound"],
      ["GET", "/app/../a", "gateway.pathAmbiguous"],
      ["GET", "/livez", "gateway.ownPath"],
    ] as const) {
      expect(await ask({ method, path })).toMatchObject({ valid: false, problems: [{ code }] });
    }
    expect(upstream.seen).toHaveLength(0);
  });

  it("is listed for everybody at /api/docs, unless the operator says otherwise", async () => {
    await using server = await tableApp({
      title: "Shop",
      apis: [
        {
          id: "shop",
          basePath: "/shop",
          upstream: "http://127.0.0.1:9",
          rateLimit: 60,
          routes: [
            { path: "/a", methods: ["GET", "PUT"], description: "Reads an A.", auth: "key" },
            { path: "/old", deprecated: true },
            { path: "/off", active: false },
          ],
        },
      ],
    });
    const { app, url } = server;
    const rest = { version: null, rateLimit: "60/min" };
    expect((await app.inject({ url: "/api/docs" })).json()).toEqual({
      title: "Shop",
      currentVersion: null,
      baseURL: url,
      routes: [
        {
          ...rest,
          path: "/shop/a",
          method: "GET",
          description: "Reads an A.",
          auth: "key",
          deprecated: false,
        },
        {
          ...rest,
          path: "/shop/a",
          method: "PUT",
          description: "Reads an A.",
          auth: "key",
          deprecated: false,
        },
        {
          ...rest,
          path: "/shop/old",
          method: "*",
          description: null,
          auth: "none",
          deprecated: true,
        },
      ],
    });
    expect((await app.inject({ url: "/api/docs/v9" })).json()).toMatchObject({
      status: 404,
      code: "gateway.notFound",
    });
    await using quiet = await tableApp({ discovery: false });
    expect((await quiet.app.inject({ url: "/api/docs" })).status).toBe(404);
  });

  it("declares permissions of the application, which are then valid wherever one is checked", async () => {
    await using server = await tableApp({
      apis: [
        {
          id: "shop",
          upstream: "http://127.0.0.1:9",
          auth: "key",
          permissions: ["gl:read"],
          routes: [{ path: "/a" }, { path: "/b", permissions: ["gl:write", "gl:read"] }],
        },
      ],
    });
    const { app, operator, face } = server;
    expect((await operator.get("/gateway/permissions")).json()).toEqual({
      data: [
        { permission: "gl:read", routes: 2 },
        { permission: "gl:write", routes: 1 },
      ],
      next: null,
    });
    const { access } = app.context("gateway");
    const holder = { kind: "key", organization: "default", subject: "key_1" } as const;
    const caller = { ...holder, permissions: ["gl:*"], instancePermissions: [] };
    expect(access.can(caller, "gl:write").allowed).toBe(true);
    expect(access.can({ ...caller, permissions: [] }, "gl:write").allowed).toBe(false);
    const origin = app.context("gateway").newOrigin("test");
    await face.registerRoute({ path: "/c", permissions: ["gl:close"] }, origin);
    expect(access.can(caller, "gl:close").allowed).toBe(true);
    expect(access.can(caller, "gl:open").allowed).toBe(false);
  });
});
