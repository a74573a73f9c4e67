import { expect, test } from "vitest";
import { downgrade } from "./index.ts";
import { downgradeSchema } from "./schema.ts";

test.each([
  ["a type that may be null", { type: ["string", "null"] }, { type: "string", nullable: true }],
  [
    "several types",
    { type: ["string", "array", "null"] },
    {
      anyOf: [
        { type: "string", nullable: true },
        { type: "array", items: {}, nullable: true },
      ],
    },
  ],
  [
    "several types beside a choice",
    { type: ["string", "integer"], anyOf: [{ minLength: 1 }] },
    { anyOf: [{ minLength: 1 }], allOf: [{ anyOf: [{ type: "string" }, { type: "integer" }] }] },
  ],
  ["a constant", { const: "live", type: "string" }, { type: "string", enum: ["live"] }],
  ["a null constant", { const: null }, { enum: [null], nullable: true }],
  ["null alone", { type: "null" }, { nullable: true, enum: [null] }],
  [
    "one schema or null",
    { anyOf: [{ type: "string", maxLength: 3 }, { type: "null" }], description: "d" },
    { type: "string", maxLength: 3, nullable: true, description: "d" },
  ],
  [
    "a reference or null",
    { oneOf: [{ $ref: "#/components/schemas/A" }, { type: "null" }] },
    { allOf: [{ $ref: "#/components/schemas/A" }], nullable: true },
  ],
  [
    "a choice of two or null",
    { anyOf: [{ type: "string" }, { type: "integer" }, { type: "null" }] },
    {
      anyOf: [
        { type: "string", nullable: true },
        { type: "integer", nullable: true },
      ],
    },
  ],
  [
    "an exclusive bound",
    { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 10, maximum: 5 },
    { type: "number", minimum: 0, exclusiveMinimum: true, maximum: 5 },
  ],
  ["examples", { type: "string", examples: ["a", "b"] }, { type: "string", example: "a" }],
  [
    "a tuple",
    { type: "array", prefixItems: [{ type: "string" }, { const: 1 }], items: false },
    { type: "array", items: { anyOf: [{ type: "string" }, { enum: [1] }] }, maxItems: 2 },
  ],
  ["an array of anything", { type: "array" }, { type: "array", items: {} }],
  [
    "a record by pattern, all else forbidden",
    { type: "object", patternProperties: { "^x": { const: 1 } }, additionalProperties: false },
    { type: "object", additionalProperties: { enum: [1] } },
  ],
  [
    "a record by pattern, all else admitted",
    { type: "object", patternProperties: { "^x": { const: 1 } } },
    { type: "object" },
  ],
  [
    "a reference with words beside it",
    { $ref: "#/components/schemas/A", description: "d" },
    { allOf: [{ $ref: "#/components/schemas/A" }], description: "d" },
  ],
  [
    "a reference beside allOf",
    { $ref: "#/components/schemas/A", allOf: [{ type: "object" }] },
    { allOf: [{ $ref: "#/components/schemas/A" }, { type: "object" }] },
  ],
  [
    "definitions inside",
    { $defs: { a: { const: 1 } }, $ref: "#/components/schemas/A/$defs/a" },
    {
      allOf: [{ $ref: "#/components/schemas/A/x-defs/a" }],
      "x-defs": { a: { enum: [1] } },
    },
  ],
  ["bytes", { type: "string", contentEncoding: "base64" }, { type: "string", format: "byte" }],
  [
    "a file",
    { type: "string", contentMediaType: "application/octet-stream" },
    { type: "string", format: "binary" },
  ],
  ["what admits everything", true, {}],
  ["what admits nothing", false, { not: {} }],
  ["conditions", { type: "object", if: {}, else: {}, $comment: "c" }, { type: "object" }],
  [
    "nested schemas",
    { type: "object", properties: { a: { const: 1 }, const: { not: { const: 2 } } } },
    { type: "object", properties: { a: { enum: [1] }, const: { not: { enum: [2] } } } },
  ],
  [
    "a record's values",
    { type: "object", additionalProperties: { const: 1 } },
    { type: "object", additionalProperties: { enum: [1] } },
  ],
])("%s is said in the words of 3.0", (_name, schema, expected) => {
  expect(downgradeSchema(schema)).toEqual(expected);
});

const whole = {
  openapi: "3.1.0",
  info: {
    title: "All",
    version: "1",
    summary: "gone",
    license: { name: "MIT", identifier: "MIT" },
  },
  jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
  security: [{ mtls: [] }, { key: ["a:read"] }, { oauth: ["a:read"] }],
  paths: {
    "/a/{id}": {
      parameters: [
        { name: "id", in: "path", required: true, schema: { const: "1" } },
        { $ref: "#/components/parameters/P", description: "gone" },
      ],
      post: {
        requestBody: {
          content: {
            "multipart/form-data": {
              schema: { type: ["object", "null"] },
              encoding: { f: { headers: { H: { schema: { const: 1 } } } } },
            },
          },
        },
        callbacks: { done: { "{$request.body#/url}": { post: { requestBody: { content: {} } } } } },
        responses: {
          200: { $ref: "#/components/responses/R", description: "gone" },
          default: {
            headers: { H: { schema: { type: ["integer", "null"] } } },
            links: { next: { $ref: "#/components/links/L", summary: "gone" } },
          },
        },
        security: [{ mtls: [] }],
      },
    },
    "/b": { $ref: "#/components/pathItems/B" },
  },
  webhooks: { paid: { post: { requestBody: { content: {} } } } },
  components: {
    schemas: { A: { type: ["string", "null"] } },
    parameters: {
      P: { name: "p", in: "query", schema: { const: 1 }, examples: { e: { value: 1 } } },
    },
    responses: { R: { description: "r" } },
    links: { L: { operationId: "x" } },
    callbacks: { C: { $ref: "#/components/callbacks/C" } },
    pathItems: { B: { get: { responses: {} } } },
    securitySchemes: {
      mtls: { type: "mutualTLS" },
      key: { type: "http", scheme: "bearer" },
      oauth: { type: "openIdConnect", openIdConnectUrl: "https://id.test/" },
    },
  },
};

test("every part of a document is said in the words of 3.0, and the document given is unchanged", () => {
  const before = structuredClone(whole);
  const made = downgrade(whole);
  expect(whole).toEqual(before);
  expect(made).toMatchObject({
    openapi: "3.0.3",
    info: { title: "All", version: "1", license: { name: "MIT" } },
    security: [{ key: [] }, { oauth: ["a:read"] }],
    "x-webhooks": { paid: { post: { responses: { default: { description: "Not described." } } } } },
    components: {
      schemas: { A: { type: "string", nullable: true } },
      "x-pathItems": { B: { get: { responses: {} } } },
    },
  });
  const text = JSON.stringify(made);
  for (const gone of [
    "gone",
    "mtls",
    "jsonSchemaDialect",
    '"webhooks"',
    '"const"',
    '"pathItems"',
  ]) {
    expect(text).not.toContain(gone);
  }
});
