import { Ajv } from "ajv";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge, readSchema } from "./index.ts";
import type { EventSchema } from "./index.ts";

function read(document: unknown): EventSchema {
  const schema = readSchema(document);
  if (!("root" in schema)) throw new TypeError(JSON.stringify(schema));
  return schema;
}

// The class for draft 7: that for 2020-12 makes code that is wrong of `items` beside `not`.
const ajv = new Ajv({
  strict: false,
  validateSchema: false,
  validateFormats: false,
  ownProperties: true,
});

const text = fc.constantFrom("", "a", "ab", "abc", "€uro", "b1");
const name = fc.constantFrom("a", "b", "c");
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, false, 0, 1, -1, 2.5, 10, 3),
    text,
    fc.array(tie("any"), { maxLength: 4 }),
    fc.dictionary(name, tie("any"), { maxKeys: 3, noNullPrototype: true }),
  ),
})).any;

const THEN = ["th", "en"].join("");
const size = fc.integer({ min: 0, max: 3 });
const schema = fc.letrec((tie) => {
  const any = tie("any");
  const some = fc.array(any, { minLength: 1, maxLength: 3 });
  const type = fc.constantFrom("null", "boolean", "object", "array", "number", "string", "integer");
  return {
    any: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.boolean(),
      fc.record(
        {
          type: fc.oneof(type, fc.uniqueArray(type, { minLength: 1, maxLength: 3 })),
          enum: fc.array(value, { minLength: 1, maxLength: 3 }),
          minimum: fc.integer({ min: -1, max: 3 }),
          exclusiveMaximum: fc.integer({ min: 1, max: 9 }),
          multipleOf: fc.constantFrom(0.5, 1, 2),
          minLength: size,
          maxLength: size,
          pattern: fc.constantFrom("^a", "b$", "^[a-c]*$", "\\d"),
          minItems: size,
          maxItems: size,
          uniqueItems: fc.boolean(),
          required: fc.uniqueArray(name, { maxLength: 2 }),
          minProperties: size,
        },
        { requiredKeys: [], noNullPrototype: true },
      ),
      fc.record(
        {
          const: value,
          properties: fc.dictionary(name, any, { maxKeys: 3, noNullPrototype: true }),
          patternProperties: fc.dictionary(fc.constantFrom("^a", "b|c"), any, {
            maxKeys: 2,
            noNullPrototype: true,
          }),
          additionalProperties: any,
          propertyNames: any,
          items: any,
        },
        { requiredKeys: [], noNullPrototype: true },
      ),
      fc.record(
        { allOf: some, anyOf: some, oneOf: some, not: any, if: any, [THEN]: any, else: any },
        { requiredKeys: [], noNullPrototype: true },
      ),
    ),
  };
}).any;

describe("judging", () => {
  it("finds right what Ajv finds right, and wrong what it finds wrong", () => {
    fc.assert(
      fc.property(schema, fc.array(value, { minLength: 1, maxLength: 5 }), (document, values) => {
        const check = ajv.compile(document as object);
        const own = read(document);
        for (const each of values) expect(judge(own, each).length === 0).toBe(check(each));
      }),
      { numRuns: 1_000 },
    );
  });

  it("follows references, also those of a schema to itself", () => {
    const tree = read({
      $ref: "#/$defs/no~1de",
      $defs: {
        "no/de": {
          type: "object",
          required: ["id"],
          properties: { id: { type: "string" }, below: { items: { $ref: "#/$defs/no~1de" } } },
        },
      },
    });
    expect(judge(tree, { id: "a", below: [{ id: "b", below: [] }] })).toEqual([]);
    expect(judge(tree, { id: "a", below: [{ id: "b" }, { id: 3 }, {}] })).toEqual([
      { pointer: "/below/1/id", detail: "must be string, not number" },
      { pointer: "/below/2/id", detail: "is missing" },
    ]);
  });

  // Not left to Ajv, whose code is wrong of these words beside others.
  it.each([
    [{ contains: { type: "string" } }, [], 1],
    [{ contains: { type: "string" } }, [1, "a"], 0],
    [{ contains: false, minContains: 0 }, [], 0],
    [{ dependentRequired: { a: ["b", "c"] } }, { a: 1, c: 1 }, 1],
    [{ dependentRequired: { a: ["b", "c"] } }, { c: 1 }, 0],
    [{ contains: true, maxContains: 2 }, [1, 2, 3], 1],
    [{ prefixItems: [false], contains: {} }, [], 1],
    [{ prefixItems: [{ type: "string" }, true], items: { type: "null" } }, ["a", 1, null], 0],
    [{ prefixItems: [{ type: "string" }], items: false }, [1, 2], 2],
  ])("judges by %j of %j: %d mistakes", (document, data, mistakes) => {
    expect(judge(read(document), data)).toHaveLength(mistakes);
  });

  it("names at most 20 places", () => {
    const places = judge(read({ items: { type: "string" } }), Array(500).fill(1));
    expect(places).toHaveLength(20);
  });

  it.each([
    ["branches that double at every level", doubling(40), {}],
    [
      "a schema that refers to itself twice at every step",
      { properties: { a: { allOf: [{ $ref: "#" }, { $ref: "#" }] } } },
      nested(60),
    ],
    [
      "unique objects by the ten thousand",
      { uniqueItems: true },
      Array.from({ length: 20_000 }, (_each, id) => ({ id })),
    ],
    [
      "a pattern over and over",
      { items: { pattern: "(x+x+)+y" } },
      Array(300).fill("x".repeat(800)),
    ],
    [
      "many members asked after by many branches",
      { allOf: Array(1_900).fill({ minProperties: 1 }) },
      Object.fromEntries(Array.from({ length: 30_000 }, (_each, id) => [`k${id}`, 0])),
    ],
    [
      "many elements that may be anything in many branches",
      { allOf: Array(900).fill({ items: true }) },
      Array(100_000).fill(1),
    ],
    [
      "a long constant that would be quoted for each element",
      { items: { not: { const: "x".repeat(60_000) } } },
      Array(100_000).fill(1),
    ],
    [
      "a pattern of many branches that is found at once in a long text",
      { allOf: Array(1_800).fill({ pattern: "^x?" }) },
      "x".repeat(250_000),
    ],
    [
      "a list of large objects that are none of a list of objects",
      { items: { enum: Array(1_000).fill({ a: 1 }) } },
      Array(3).fill(
        Object.fromEntries(Array.from({ length: 10_000 }, (_each, id) => [`k${id}`, 0])),
      ),
    ],
  ])("gives up within its steps on %s, which then does not fit", (_what, document, data) => {
    expect(judge(read(document), data)).toEqual([
      { pointer: "", detail: "takes more than 250000 steps to judge by its schema" },
    ]);
  });

  it("takes the steps of values that share them from what is left to all", () => {
    const shared = { left: 300_000 };
    const schema = read(doubling(40));
    const details = [1, 2, 3].map(() => judge(schema, {}, shared)[0]?.detail);
    expect(details).toEqual([
      "takes more than 250000 steps to judge by its schema",
      expect.stringMatching(/^takes more than 50000 steps .* have left to it$/),
      expect.stringMatching(/^takes more than 0 steps .* have left to it$/),
    ]);
    expect(shared.left).toBe(0);
  });
});

function doubling(levels: number): unknown {
  const $defs: Record<string, unknown> = { [`d${levels}`]: {} };
  for (let level = 0; level < levels; level += 1) {
    const next = { $ref: `#/$defs/d${level + 1}` };
    $defs[`d${level}`] = { allOf: [next, next] };
  }
  return { $ref: "#/$defs/d0", $defs };
}

function nested(levels: number): unknown {
  let data: unknown = {};
  for (let level = 0; level < levels; level += 1) data = { a: data };
  return data;
}

describe("reading a schema", () => {
  it.each([
    ["no schema", 7, "", /is not a schema/],
    ["a mistyped word", { requird: ["a"] }, "/requird", /no word that is judged/],
    [
      "a word that is not judged",
      { unevaluatedProperties: false },
      "/unevaluatedProperties",
      /no word/,
    ],
    [
      "a reference out of the document",
      { $ref: "https://example.com/s.json" },
      "/$ref",
      /nothing is loaded/,
    ],
    [
      "a reference to a file",
      { items: { $ref: "file:///etc/passwd" } },
      "/items/$ref",
      /nothing is loaded/,
    ],
    ["a reference to nowhere", { $ref: "#/$defs/none" }, "/$ref", /points to no schema/],
    [
      "a reference to what is no schema",
      { $ref: "#/required", required: ["a"] },
      "/$ref",
      /points to no schema/,
    ],
    ["a reference to itself", { $ref: "#" }, "", /leads to itself/],
    [
      "a ring of references",
      { $defs: { a: { anyOf: [{ $ref: "#/$defs/b" }] }, b: { not: { $ref: "#/$defs/a" } } } },
      "/$defs/a",
      /leads to itself/,
    ],
    [
      "a pattern that goes back",
      { properties: { a: { pattern: "(a)\\1" } } },
      "/properties/a/pattern",
      /refers to a group/,
    ],
    [
      "a pattern as a name that looks ahead",
      { patternProperties: { "(?=a)": {} } },
      "/patternProperties/(?=a)",
      /looks ahead/,
    ],
    [
      "another dialect",
      { $schema: "http://json-schema.org/draft-04/schema#" },
      "/$schema",
      /2020-12/,
    ],
    ["a type that is none", { type: "text" }, "/type", /names no type/],
    ["a negative length", { maxLength: -1 }, "/maxLength", /from 0 on/],
    ["more than 64 kB", { description: "x".repeat(70_000) }, "", /at most 65536/],
    ["more than 32 levels", deep(40), "/not".repeat(33), /deeper than 32/],
    [
      "more than 2,000 schemas",
      { prefixItems: Array(3_000).fill(true) },
      "/prefixItems/1999",
      /beyond the 2000/,
    ],
  ])("refuses %s", (_what, document, pointer, detail) => {
    const found = readSchema(document);
    expect("root" in found ? undefined : found[0]).toEqual({
      pointer,
      detail: expect.stringMatching(detail),
    });
  });

  it("takes annotations and words that begin with x-", () => {
    expect(read({ title: "T", format: "date", default: 1, "x-owner": { of: "us" } })).toBeDefined();
  });
});

function deep(levels: number): unknown {
  let document: unknown = {};
  for (let level = 0; level < levels; level += 1) document = { not: document };
  return document;
}
