import { expect, it } from "vitest";
import { changesOf, readSchema } from "./index.ts";
import type { EventSchema } from "./index.ts";

function read(document: unknown): EventSchema {
  const schema = readSchema(document);
  if (!("root" in schema)) throw new TypeError(JSON.stringify(schema));
  return schema;
}

const of = (a: unknown, more: object = {}): object => ({
  type: "object",
  properties: { a },
  ...more,
});
const nothing = { type: "object" };
const text = { type: "string" };

it.each<readonly [string, unknown, unknown, readonly string[]]>([
  // What breaks nobody.
  ["a new optional property", nothing, of(text), []],
  [
    "another description, example, default and format",
    of(text),
    of({ ...text, description: "A", examples: ["x"], default: "", format: "date" }),
    [],
  ],
  [
    "the same behind a reference",
    of(text),
    { ...of({ $ref: "#/$defs/t" }), $defs: { t: text } },
    [],
  ],
  [
    "other order of types, values and names",
    of({ type: ["string", "null"], enum: ["x", null] }, { required: ["a", "b"] }),
    of({ type: ["null", "string"], enum: [null, "x"] }, { required: ["b", "a"] }),
    [],
  ],
  // What producers would miss.
  ["a property is required", of(text), of(text, { required: ["a"] }), ["/a producers"]],
  ["a new required property", nothing, of(text, { required: ["a"] }), ["/a producers"]],
  ["a type is gone", of({ type: ["string", "null"] }), of(text), ["/a producers"]],
  ["a number is an integer", of({ type: "number" }), of({ type: "integer" }), ["/a producers"]],
  ["a value of a list is gone", of({ enum: ["x", "y"] }), of({ enum: ["x"] }), ["/a producers"]],
  ["a list where anything was", of({}), of({ enum: ["x"] }), ["/a producers"]],
  ["a tighter limit", of({ maxLength: 9 }), of({ maxLength: 8 }), ["/a producers"]],
  ["a new limit", of({}), of({ minimum: 1 }), ["/a producers"]],
  [
    "other members are refused",
    of(text),
    of(text, { additionalProperties: false }),
    ["/* producers"],
  ],
  ["elements are tighter", of({ items: {} }), of({ items: text }), ["/a/* producers"]],
  ["nothing is allowed", of(text), of(false), ["/a producers"]],
  [
    "a new property is tighter than what others might be",
    of(text, { additionalProperties: {} }),
    { type: "object", properties: { a: text, b: text }, additionalProperties: {} },
    ["/b producers"],
  ],
  // What consumers would miss.
  ["a property is gone", of(text), nothing, ["/a consumers"]],
  [
    "a property is not required any more",
    of(text, { required: ["a"] }),
    of(text),
    ["/a consumers"],
  ],
  ["a further type", of(text), of({ type: ["string", "null"] }), ["/a consumers"]],
  ["an integer is a number", of({ type: "integer" }), of({ type: "number" }), ["/a consumers"]],
  ["a further value", of({ enum: ["x"] }), of({ enum: ["x", "y"] }), ["/a consumers"]],
  ["anything where a list was", of({ enum: ["x"] }), of({}), ["/a consumers"]],
  ["a wider limit", of({ maximum: 9 }), of({ maximum: 10 }), ["/a consumers"]],
  ["a limit is gone", of({ minItems: 1 }), of({}), ["/a consumers"]],
  [
    "other members are allowed",
    of(text, { additionalProperties: false }),
    of(text),
    ["/* consumers"],
  ],
  [
    "a new property where nothing else was allowed",
    { type: "object", additionalProperties: false },
    of(text, { additionalProperties: false }),
    ["/a consumers"],
  ],
  // Both, or nobody can tell.
  ["a type is another", of(text), of({ type: "number" }), ["/a producers", "/a consumers"]],
  [
    "a property has another name",
    of(text, { required: ["a"] }),
    { type: "object", properties: { b: text }, required: ["b"] },
    ["/a consumers", "/a consumers", "/b producers"],
  ],
  [
    "a value is replaced",
    of({ enum: ["x"] }),
    of({ enum: ["y"] }),
    ["/a producers", "/a consumers"],
  ],
  ["another pattern", of({ pattern: "^a" }), of({ pattern: "^b" }), ["/a both"]],
  ["a constant", of({ const: 1 }), of({ const: 2 }), ["/a both"]],
  [
    "a choice is added",
    of({ anyOf: [text] }),
    of({ anyOf: [text, { type: "null" }] }),
    ["/a both"],
  ],
  [
    "a closed property is gone from a closed object",
    of(text, { additionalProperties: false }),
    { type: "object", additionalProperties: false },
    ["/a consumers", "/a producers"],
  ],
])("%s", (_what, before, after, breaks) => {
  const found = changesOf(read(before), read(after));
  expect(found.map(({ pointer, breaks: whom }) => `${pointer} ${whom}`).toSorted()).toEqual(
    breaks.toSorted(),
  );
});

it("compares schemas that refer to themselves, and ends", () => {
  const tree = (label: object): object => ({
    $ref: "#/$defs/node",
    $defs: {
      node: { type: "object", properties: { label, below: { items: { $ref: "#/$defs/node" } } } },
    },
  });
  const found = changesOf(read(tree(text)), read(tree({ type: "integer" })));
  expect(found.map(({ pointer, breaks }) => `${pointer} ${breaks}`)).toEqual([
    "/label producers",
    "/label consumers",
  ]);
});

it("names a member by its pointer, escaped", () => {
  const before = { properties: { "a/b~c": text } };
  expect(changesOf(read(before), read({}))[0]?.pointer).toBe("/a~1b~0c");
});

it("compares rings of many parts within bounds, and says that it did not compare all", () => {
  const ring = (parts: number): object => ({
    $ref: "#/$defs/n0",
    $defs: Object.fromEntries(
      Array.from({ length: parts }, (_, index) => [
        `n${index}`,
        { items: { $ref: `#/$defs/n${(index + 1) % parts}` }, minItems: index % 7 },
      ]),
    ),
  });
  expect(changesOf(read(ring(400)), read(ring(399)))[0]).toMatchObject({
    breaks: "both",
    detail: "is beyond what can be compared",
  });
});
