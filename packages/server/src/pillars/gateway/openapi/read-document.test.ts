import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createTestApp } from "portico/testing";
import { describe, expect, it } from "vitest";
import { folderOf, info, mistakesOf, ok, read, shop } from "./documents.fixture.ts";
import type { JsonObject } from "./document.ts";
import type { ReadParts } from "./read-document.ts";
import { routesOf } from "./routes-of.ts";

describe("a document", () => {
  it("is read from YAML, JSON, with a mark of byte order, and from an object, to the same form", async () => {
    const json = JSON.stringify(shop());
    await using folder = await folderOf({
      "a.json": json,
      "b.yaml":
        "openapi: 3.1.0\ninfo: {title: Shop, version: '1.2'}\npaths:\n  /items:\n    get:\n      operationId: list\n      responses:\n        200: {description: Good}\n",
      "c.txt": `\u{FEFF}${json}`,
    });
    const parts = { folder: folder.path };
    const forms = [
      await read("a.json", parts),
      await read("b.yaml", parts),
      await read("c.txt", parts),
      await read(shop()),
    ];
    for (const { json: form } of forms) expect(form).toStrictEqual(shop());
    expect(forms[0]).toMatchObject({
      title: "Shop",
      version: "1.2",
      basePath: "/",
      given: "3.1.0",
    });
  });

  it("is read from an address, which the operator's networks must allow, and never beyond its size", async () => {
    const server = createServer((request, response) => {
      if (request.url === "/moved") response.writeHead(302, { location: "/shop" }).end();
      else response.end(JSON.stringify(shop()));
    });
    await new Promise<void>((resolve) => {
      server.listen(0, "127.0.0.1", resolve);
    });
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { definePlugin } = await import("portico/kernel");
    let outbound: ReadParts["outbound"];
    const plugin = definePlugin({
      id: "reader",
      version: "1.0.0",
      engine: "^1",
      start: (ctx) => {
        ({ outbound } = ctx);
        return Promise.resolve({ stop: () => Promise.resolve() });
      },
    });
    const app = await createTestApp({ plugins: [plugin], outboundAllow: ["127.0.0.0/8"] });
    const parts = outbound === undefined ? {} : { outbound };
    expect((await read(`${base}/shop`, parts)).title).toBe("Shop");
    expect(await mistakesOf(`${base}/moved`, parts)).toStrictEqual([
      expect.stringContaining("answered 302; redirects are not followed"),
    ]);
    expect(await mistakesOf(`${base}/shop`, { ...parts, bytesMax: 20 })).toStrictEqual([
      expect.stringContaining("larger than 20 bytes"),
    ]);
    expect(await mistakesOf(`${base}/shop`)).toStrictEqual([
      expect.stringContaining("is an address"),
    ]);
    await app.stop(1_000);
    const strict = await createTestApp({ plugins: [plugin], outboundAllow: [] });
    expect(
      await mistakesOf(`${base}/shop`, outbound === undefined ? {} : { outbound }),
    ).toStrictEqual([expect.stringContaining("not public")]);
    await strict.stop(1_000);
    server.close();
  });

  it("in 3.0 becomes 3.1: what it said in its own words is said in those of JSON Schema", async () => {
    const given = {
      openapi: "3.0.3",
      info,
      paths: {},
      components: {
        schemas: {
          A: { type: "string", nullable: true, enum: ["a"], example: "a" },
          B: {
            type: "integer",
            minimum: 1,
            exclusiveMinimum: true,
            maximum: 9,
            exclusiveMaximum: false,
          },
          C: {
            nullable: true,
            anyOf: [{ $ref: "#/components/schemas/A", description: "ignored" }],
          },
          D: {
            type: "object",
            properties: {
              nullable: { type: "boolean" },
              example: { type: "string", nullable: true },
            },
          },
          E: { nullable: true, allOf: [{ type: "string" }] },
        },
      },
    };
    const { json } = await read(given);
    expect(json["openapi"]).toBe("3.1.0");
    expect((json["components"] as JsonObject)["schemas"]).toStrictEqual({
      A: { type: ["string", "null"], enum: ["a", null], examples: ["a"] },
      B: { type: "integer", exclusiveMinimum: 1, maximum: 9 },
      C: { anyOf: [{ $ref: "#/components/schemas/A" }, { type: "null" }] },
      D: {
        type: "object",
        properties: { nullable: { type: "boolean" }, example: { type: ["string", "null"] } },
      },
      E: { anyOf: [{ allOf: [{ type: "string" }] }, { type: "null" }] },
    });
  });

  it("may go in cycles through members and items", async () => {
    const node = { type: "object", properties: { next: { $ref: "#/components/schemas/Node" } } };
    const list = { type: "array", items: { $ref: "#/components/schemas/List" } };
    expect(
      await mistakesOf(shop({ components: { schemas: { Node: node, List: list } } })),
    ).toStrictEqual([]);
  });

  it("says who may call: schemes, scopes, alternatives, and what overrides them", async () => {
    const securitySchemes = {
      key: { type: "apiKey", in: "header", name: "X" },
      basic: { type: "http", scheme: "Basic" },
      bearer: { type: "http", scheme: "bearer" },
      oauth: { type: "oauth2", flows: {} },
    };
    const operations: Readonly<Record<string, JsonObject>> = {
      default: {},
      open: { security: [] },
      optional: { security: [{ key: [] }, {}] },
      key: { security: [{ key: [] }] },
      basic: { security: [{ basic: [] }] },
      scopes: { security: [{ oauth: ["gl:write", "gl:read"] }] },
      either: { security: [{ key: [] }, { oauth: ["gl:read"] }] },
      said: {
        security: [{ oauth: ["a"] }],
        "x-portico-auth": "token",
        "x-portico-permissions": ["b"],
        "x-rate-limit": "5/s",
      },
      hidden: { "x-portico-hidden": true },
      old: { deprecated: true, "x-portico-validate": "off", "x-portico-responses": "report" },
    };
    const paths = Object.fromEntries(
      Object.entries(operations).map(([name, each]) => [
        `/${name}`,
        { get: { operationId: name, ...each, ...ok } },
      ]),
    );
    const document = await read({
      openapi: "3.1.0",
      info,
      security: [{ bearer: [] }],
      paths,
      components: { securitySchemes },
    });
    const routes = routesOf(document);
    expect(
      Object.fromEntries(
        routes.map(({ name, auth, permissions }) => [name, [auth, ...permissions]]),
      ),
    ).toStrictEqual({
      default: ["either"],
      open: ["none"],
      optional: ["none"],
      key: ["key"],
      basic: ["key"],
      scopes: ["either", "gl:write", "gl:read"],
      either: ["either", "gl:read"],
      said: ["token", "b"],
      old: ["either"],
    });
    expect(routes.find(({ name }) => name === "said")?.rateLimit).toBe("5/s");
    expect(routes.find(({ name }) => name === "old")).toMatchObject({
      isDeprecated: true,
      validate: "off",
      responses: "report",
    });
    // The operator's word counts more than the document's security, and less than what is said to Portico.
    const told = routesOf(document, { auth: "key", permissions: ["c"], rateLimit: 9 });
    expect(told.find(({ name }) => name === "open")).toMatchObject({
      auth: "key",
      permissions: ["c"],
      rateLimit: 9,
    });
    expect(told.find(({ name }) => name === "said")).toMatchObject({
      auth: "token",
      permissions: ["b"],
      rateLimit: "5/s",
    });
  });

  it("tells twins apart by what their parameters are", async () => {
    const parameter = (name: string, schema: JsonObject): JsonObject => ({
      parameters: [{ name, in: "path", required: true, schema }],
    });
    const uuid = { type: "string", format: "uuid" };
    const document = await read(
      shop({
        paths: {
          "/a/{id}": { ...parameter("id", uuid), get: ok },
          "/a/{name}": { ...parameter("name", { type: "string" }), get: ok, put: ok },
        },
      }),
    );
    expect(
      document.operations.map(({ method, template }) => `${method} ${template}`),
    ).toStrictEqual(["GET /a/{id:uuid}", "GET /a/{name}", "PUT /a/{name}"]);
  });

  it("of 5,000 operations is read within seconds", async () => {
    const paths = Object.fromEntries(
      Array.from({ length: 5_000 }, (_each, index) => [
        `/things${index}/{id}`,
        {
          get: {
            operationId: `get${index}`,
            parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
            responses: {
              200: {
                description: "x",
                content: {
                  "application/json": { schema: { $ref: `#/components/schemas/T${index}` } },
                },
              },
            },
          },
        },
      ]),
    );
    const schemas = Object.fromEntries(
      Array.from({ length: 5_000 }, (_each, index) => [
        `T${index}`,
        {
          type: "object",
          properties: { next: { $ref: `#/components/schemas/T${(index + 1) % 5_000}` } },
        },
      ]),
    );
    const document = await read(shop({ paths, components: { schemas } }));
    expect(document.operations).toHaveLength(5_000);
  });
});
