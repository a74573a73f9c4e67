import { ApiDocuments, definePlugin } from "portico/kernel";
import { createTestApp } from "portico/testing";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "./openapi/index.ts";
import { gateway } from "./plugin.ts";
import { folderOf } from "./openapi/documents.fixture.ts";
import { defineVersionChange } from "./versions/change.ts";
import { Gateway } from "./capability.ts";
import { fronting } from "./fronting.fixture.ts";
import type { Upstream } from "./upstreams.fixture.ts";
import { answering, document, ok, paths, shop, parameter } from "./checks.fixture.ts";

describe("a refused request", () => {
  it("costs nothing, and is told of only to whom the route lets in", async () => {
    await using upstream = await answering();
    await using app = await shop(upstream, { auth: "key", rateLimit: 1 });
    expect((await fetch(`${app.url}/items?limit=0`)).status).toBe(401);
    const { headers } = app.as({ kind: "key", subject: "key_1", permissions: [] });
    for (let time = 0; time < 3; time += 1) {
      expect((await fetch(`${app.url}/items?limit=0`, { headers })).status).toBe(422);
    }
    expect((await fetch(`${app.url}/items`, { headers })).status).toBe(200);
    expect((await fetch(`${app.url}/items`, { headers })).status).toBe(429);
  });

  it("is not refused where checks are off, for the API or for one route", async () => {
    await using upstream = await answering();
    await using off = await shop(upstream, { validate: "off" });
    expect((await fetch(`${off.url}/items?limit=0`)).status).toBe(200);
    await using one = await shop(upstream, {
      routes: [{ path: "/items", methods: ["GET"], validate: "off" }],
    });
    expect((await fetch(`${one.url}/items?limit=0`)).status).toBe(200);
    expect((await fetch(`${one.url}/items/x`)).status).toBe(422);
  });
});

describe("an API with a document", () => {
  it("begins where the document's server does, unless a base path is set", async () => {
    await using upstream = await answering();
    const openapi = {
      ...document(paths),
      servers: [
        {
          url: "https://{region}.example.com/api/{v}",
          variables: { v: { default: "1.0" }, region: { default: "eu" } },
        },
      ],
    };
    await using app = await fronting(upstream, { openapi });
    expect((await fetch(`${app.url}/api/1.0/items`)).status).toBe(200);
    expect((await fetch(`${app.url}/items`)).status).toBe(404);
    await using other = await fronting(upstream, {
      openapi,
      basePath: "/shop",
      stripBasePath: true,
    });
    expect((await fetch(`${other.url}/shop/items/7`)).status).toBe(200);
    expect(upstream.seen.map(({ url }) => url)).toStrictEqual(["/api/1.0/items", "/items/7"]);
  });

  it("has further routes from the configuration, and those of the document changed by it", async () => {
    await using upstream = await answering();
    await using app = await shop(upstream, {
      routes: [
        { path: "/items/{anything}", auth: "key" },
        { path: "/extra" },
        { path: "/items", methods: ["GET", "DELETE"], rateLimit: 1 },
      ],
    });
    expect((await fetch(`${app.url}/extra`, { method: "PATCH" })).status).toBe(200);
    expect((await fetch(`${app.url}/items/7`)).status).toBe(401);
    expect((await fetch(`${app.url}/items`, { method: "DELETE" })).status).toBe(200);
    expect((await fetch(`${app.url}/items`, { method: "PUT" })).status).toBe(405);
    expect((await fetch(`${app.url}/items`)).status).toBe(200);
    expect((await fetch(`${app.url}/items`)).status).toBe(429);
  });

  it("is refused at start with every mistake of document and configuration", async () => {
    await using upstream = await answering();
    const broken = {
      openapi: "3.1.0",
      info: { title: "a", version: "1" },
      paths: {
        "/a": {
          get: { ...ok, parameters: [{ $ref: "#/no" }] },
          post: { ...ok, "x-rate-limit": 0 },
        },
      },
    };
    const { mistakes, why } = await refusedStart(upstream, broken);
    expect(mistakes).toBe(2);
    expect(why).toMatch(
      /\/paths\/~1a\/post\/x-rate-limit must be a whole number.*refers to '#\/no'/,
    );
    const odd = document({
      "/a": { get: { ...ok, "x-portico-route": { pth: "/b", rateLimit: "not often" } } },
    });
    expect((await refusedStart(upstream, odd)).why).toMatch(/'pth' is no setting.*\/rateLimit/);
  });
});

describe("versions with documents of their own", () => {
  it("are each checked by their own; where changes lie between, only requests are, and only by it", async () => {
    await using upstream = await answering();
    await using folder = await folderOf({
      "old.json": JSON.stringify(withLimit({ type: "integer" })),
      "new.json": JSON.stringify(withLimit({ type: "string", minLength: 3 })),
    });
    const change = defineVersionChange({ description: "limit became a word", request() {} });
    const versions = [
      { id: "v1", openapi: `${folder.path}/old.json` },
      { id: "v2", openapi: `${folder.path}/new.json`, changes: change },
    ];
    await using app = await fronting(upstream, { basePath: "/shop", versions });
    const asked = (path: string): Promise<number> =>
      fetch(`${app.url}/shop${path}`).then(({ status }) => status);
    expect(await asked("/v1/list?limit=5")).toBe(200);
    expect(await asked("/v1/list?limit=ten")).toBe(422);
    expect(await asked("/v2/list?limit=5")).toBe(422);
    expect(await asked("/v2/list?limit=ten")).toBe(200);
    expect(await asked("/v2/other")).toBe(404);
  });

  it("without one has the routes of the API's, and is not judged by what comes after its changes", async () => {
    await using upstream = await answering();
    const change = defineVersionChange({ description: "limit became a word", request() {} });
    await using app = await fronting(upstream, {
      openapi: withLimit({ type: "string", minLength: 3 }),
      versions: [{ id: "v1" }, { id: "v2", changes: change }],
    });
    expect((await fetch(`${app.url}/v1/list?limit=5`)).status).toBe(200);
    expect((await fetch(`${app.url}/v2/list?limit=5`)).status).toBe(422);
  });

  it("that cannot be read are named with their API and version", async () => {
    await using upstream = await answering();
    const versions = [{ id: "v1", openapi: "/nowhere/openapi.yaml" }];
    const error: unknown = await fronting(upstream, { versions }).catch(
      (thrown: unknown) => thrown,
    );
    const { cause } = error as { readonly cause: Error };
    expect(cause.message).toMatch(/api 'shop', version 'v1', openapi .*cannot be read \(ENOENT\)/);
  });
});

describe("a deprecated operation", () => {
  it("tells its callers since when, where that is known, and never a date that nobody gave", async () => {
    await using upstream = await answering();
    const dated = { deprecated: true, "x-deprecated-at": "2026-01-01", "x-sunset": "2999-01-01" };
    const openapi = document({
      "/old": { get: { ...ok, deprecated: true } },
      "/older": { get: { ...ok, ...dated } },
    });
    await using app = await fronting(upstream, { openapi });
    const told = ["/old", "/older"].map(async (path) => {
      const { headers } = await fetch(`${app.url}${path}`);
      return [headers.get("deprecation"), headers.get("sunset")];
    });
    expect(await Promise.all(told)).toStrictEqual([
      [null, null],
      ["@1767225600", "Tue, 01 Jan 2999 00:00:00 GMT"],
    ]);
    const { routes } = app.context("gateway").get(Gateway).getDocumentation() ?? { routes: [] };
    expect(routes.map(({ path, deprecated }) => [path, deprecated])).toStrictEqual([
      ["/old", true],
      ["/older", true],
    ]);
  });

  it("is refused with a date that is none", async () => {
    const openapi = document({ "/old": { get: { ...ok, "x-deprecated-at": "soon" } } });
    const started = fronting({ url: "http://127.0.0.1:1" }, { openapi });
    const fault: unknown = await started.catch((error: unknown) => error);
    expect(fault instanceof Error ? String(fault.cause) : "it started").toContain(
      "/paths/~1old/get/x-deprecated-at must be a date such as 2026-11-01",
    );
  });
});

describe("the document of an API", () => {
  it("is shown as it is in force: where it is reached, its versions, and who may call", async () => {
    await using upstream = await answering();
    const contributed: ApiDocuments[] = [];
    const reader = definePlugin({
      id: "reader",
      version: "1.0.0",
      engine: "^1",
      start: (ctx) => {
        contributed.push(...ctx.contributions(ApiDocuments).map(({ value }) => value));
        return Promise.resolve({ stop: () => Promise.resolve() });
      },
    });
    await using folder = await folderOf({ "old.json": JSON.stringify(withLimit({})) });
    const openapi = withLimit({ type: "string" });
    const apis = [
      {
        id: "plain",
        upstream: upstream.url,
        basePath: "/plain",
        openapi,
        routes: [{ path: "/list", auth: "key" }],
      },
      {
        id: "dated",
        upstream: upstream.url,
        basePath: "/dated",
        openapi,
        versions: [{ id: "v1", openapi: `${folder.path}/old.json` }, { id: "v2" }, { id: "v3" }],
      },
      { id: "bare", upstream: upstream.url, basePath: "/bare" },
    ];
    const app = await createTestApp({
      plugins: [reader, gateway()],
      settings: { gateway: { apis } },
    });
    const [documents] = contributed;
    expect(documents?.list()).toStrictEqual([
      { api: "plain", title: "Shop", version: null, isCurrent: true },
      { api: "dated", title: "Shop", version: "v1", isCurrent: false },
      { api: "dated", title: "Shop", version: "v3", isCurrent: true },
    ]);
    const shown = async (api: string, version?: string): Promise<JsonObject> =>
      (await documents?.document({ api, version, serverUrl: "https://x" })) ?? {};
    const plain = await shown("plain");
    expect(plain["servers"]).toStrictEqual([{ url: "https://x/plain" }]);
    expect(JSON.stringify(plain["paths"])).toContain('"security":[{"porticoKey":[]}');
    expect(await shown("plain")).toBe(plain);
    expect((await shown("dated"))["servers"]).toStrictEqual([{ url: "https://x/dated/v3" }]);
    expect((await shown("dated", "v1"))["info"]).toMatchObject({ version: "v1" });
    expect([await shown("dated", "v2"), await shown("bare"), await shown("none")]).toStrictEqual([
      {},
      {},
      {},
    ]);
    await app.stop(1_000);
  });
});

function withLimit(schema: object): object {
  return document({
    "/list": { get: { parameters: [parameter("limit", "query", schema)], ...ok } },
  });
}

async function refusedStart(
  upstream: Upstream,
  openapi: object,
): Promise<{ readonly mistakes: unknown; readonly why: string }> {
  const error: unknown = await fronting(upstream, { openapi }).catch((thrown: unknown) => thrown);
  const { cause } = error as {
    readonly cause: Error & { readonly options: { params: { count: unknown } } };
  };
  return { mistakes: cause.options.params.count, why: cause.message };
}
