import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "./document.ts";
import { info, ok, read, shop } from "./documents.fixture.ts";
import { toOpenApi30 } from "./downgrade.ts";
import { publicDocument } from "./public-document.ts";

function schemasOf(schemas: JsonObject): JsonObject {
  const down = toOpenApi30({ openapi: "3.1.0", info, paths: {}, components: { schemas } });
  return (down["components"] as JsonObject)["schemas"] as JsonObject;
}

describe("a document in 3.0.3", () => {
  it.each([
    [{ type: ["string", "null"] }, { type: "string", nullable: true }],
    [{ type: ["string", "integer"] }, { anyOf: [{ type: "string" }, { type: "integer" }] }],
    [{ type: ["array", "null"] }, { type: "array", nullable: true, items: {} }],
    [{ type: "null" }, { nullable: true, enum: [null] }],
    [{ const: "a" }, { enum: ["a"] }],
    [{ exclusiveMinimum: 5 }, { minimum: 5, exclusiveMinimum: true }],
    [{ exclusiveMaximum: 5, maximum: 3 }, { maximum: 3 }],
    [{ examples: [1, 2] }, { example: 1 }],
    [{ anyOf: [{ type: "string" }, { type: "null" }] }, { type: "string", nullable: true }],
    [
      { anyOf: [{ $ref: "#/a" }, { type: "null" }] },
      { anyOf: [{ allOf: [{ $ref: "#/a" }], nullable: true }] },
    ],
    [
      { $ref: "#/a", description: "b" },
      { description: "b", allOf: [{ $ref: "#/a" }] },
    ],
    [{ $ref: "#/a/$defs/b" }, { $ref: "#/a/x-defs/b" }],
    [
      { $defs: { b: {} }, type: "object" },
      { "x-defs": { b: {} }, type: "object" },
    ],
    [
      { prefixItems: [{}], items: false, type: "array" },
      { "x-prefixItems": [{}], items: {}, type: "array" },
    ],
    [{ properties: { a: true, b: false } }, { properties: { a: {}, b: { not: {} } } }],
    [
      { patternProperties: { "^x": {} }, additionalProperties: false },
      { additionalProperties: true },
    ],
    [{ not: { contains: {} }, if: {}, else: {}, contains: {} }, {}],
    [{ not: { const: 1 } }, { not: { enum: [1] } }],
    [{ contentEncoding: "base64" }, { format: "byte" }],
  ])("says %j as %j", (given, expected) => {
    expect(schemasOf({ A: given })["A"]).toStrictEqual(expected);
  });

  it("is valid by an independent judge, with everything that 3.0 has no word for", async () => {
    const given = {
      ...shop({
        jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
        info: { ...info, summary: "s", license: { name: "MIT", identifier: "MIT" } },
        webhooks: { sold: { post: ok } },
        security: [{ tls: [] }, { key: [], tls: [] }],
      }),
      paths: { "/a": { $ref: "#/components/pathItems/A" }, "/b": { get: {} } },
      components: {
        pathItems: {
          A: {
            get: {
              ...ok,
              parameters: [{ name: "a", in: "query", schema: { type: ["string", "null"] } }],
            },
          },
        },
        securitySchemes: {
          tls: { type: "mutualTLS" },
          key: { type: "apiKey", in: "header", name: "K" },
        },
      },
    };
    const down = toOpenApi30(given);
    expect(down["security"]).toStrictEqual([{}, { key: [] }]);
    const shown = toOpenApi30(publicDocument(await read(given), { serverUrl: "/" }));
    for (const json of [shown]) {
      const validator = new Validator();
      expect(await validator.validate(structuredClone(json))).toMatchObject({ valid: true });
      expect(validator.version).toBe("3.0");
    }
  });
});

describe("a document as callers see it", () => {
  it("is reached through Portico, asks for its credentials, and says nothing that was said to Portico", async () => {
    const document = await read({
      ...shop({ servers: [{ url: "https://inside.example.com" }], "x-portico-auth": "key" }),
      paths: {
        "/a": {
          servers: [{ url: "https://inside.example.com" }],
          get: { ...ok, operationId: "a", "x-rate-limit": 5 },
          post: { ...ok, "x-portico-hidden": true },
        },
        "/b": { get: { ...ok, "x-portico-hidden": true } },
        "/c": { get: { ...ok, "x-portico-auth": "none" } },
        "/d": { $ref: "#/components/pathItems/D" },
      },
      components: { pathItems: { D: { get: { ...ok, "x-portico-auth": "token" } } } },
    });
    const shown = publicDocument(document, {
      serverUrl: "https://api.example.com/shop",
      version: "v2",
    });
    expect(JSON.stringify(shown)).not.toMatch(/inside\.example|x-portico/);
    expect(shown["servers"]).toStrictEqual([{ url: "https://api.example.com/shop" }]);
    expect(shown["info"]).toStrictEqual({ ...info, version: "v2" });
    const paths = shown["paths"] as Record<string, Record<string, JsonObject>>;
    expect(Object.keys(paths)).toStrictEqual(["/a", "/c", "/d"]);
    expect(Object.keys(paths["/a"] ?? {})).toStrictEqual(["get"]);
    expect(paths["/a"]?.["get"]?.["security"]).toStrictEqual([
      { porticoKey: [] },
      { porticoBearer: [] },
    ]);
    expect(paths["/c"]?.["get"]?.["security"]).toStrictEqual([]);
    expect(paths["/d"]?.["get"]?.["security"]).toStrictEqual([{ porticoBearer: [] }]);
    expect(paths["/a"]?.["get"]?.["x-rate-limit"]).toBe(5);
  });
});
