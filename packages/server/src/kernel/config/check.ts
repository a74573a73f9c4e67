import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import { describeExpected, describeGot } from "./expected.ts";
import type { Mistake } from "./mistake.ts";
import { nearest } from "./nearest.ts";

interface ObjectSchema {
  readonly properties: Readonly<Record<string, TSchema>>;
  readonly required: readonly string[];
  readonly isOpen: boolean;
}

/** The walk's own state: where it is and what it has found. */
export interface Walk {
  readonly path: string;
  /** JSON pointer of the same place; empty at the root. */
  readonly pointer?: string;
  readonly mistakes: Mistake[];
}

/** True for what `{}` makes; not for lists, dates or classes. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function objectSchema(schema: TSchema): ObjectSchema | undefined {
  if (!("properties" in schema) || !isPlainObject(schema.properties)) return undefined;
  const required = "required" in schema && Array.isArray(schema.required) ? schema.required : [];
  const open = "additionalProperties" in schema ? schema.additionalProperties : false;
  return {
    // A TypeBox object: its properties are schemas.
    properties: schema.properties as Readonly<Record<string, TSchema>>,
    required,
    isOpen: open !== false,
  };
}

function recordValue(schema: TSchema): TSchema | undefined {
  if (!("patternProperties" in schema) || !isPlainObject(schema.patternProperties))
    return undefined;
  const [only, ...others] = Object.values(schema.patternProperties);
  return others.length === 0 ? (only as TSchema | undefined) : undefined;
}

function itemSchema(schema: TSchema): TSchema | undefined {
  const isList = "type" in schema && schema.type === "array" && "items" in schema;
  return isList && isPlainObject(schema.items) ? schema.items : undefined;
}

function unionMembers(schema: TSchema): readonly TSchema[] | undefined {
  return "anyOf" in schema && Array.isArray(schema.anyOf) ? schema.anyOf : undefined;
}

function report(walk: Walk, schema: TSchema, value: unknown): unknown {
  walk.mistakes.push({
    path: walk.path === "" ? "the configuration" : walk.path,
    pointer: walk.pointer ?? "",
    got: describeGot(schema, value),
    expected: describeExpected(schema),
  });
  return value;
}

function below(walk: Walk, key: string): Walk {
  const path = /^[A-Za-z_][\w-]*$/.test(key)
    ? `${walk.path}${walk.path === "" ? "" : "."}${key}`
    : `${walk.path}[${JSON.stringify(key)}]`;
  const step = key.replaceAll("~", "~0").replaceAll("/", "~1");
  return { path, pointer: `${walk.pointer ?? ""}/${step}`, mistakes: walk.mistakes };
}

function checkObject(shape: ObjectSchema, value: object, walk: Walk): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const names = Object.keys(shape.properties);
  for (const [key, given] of Object.entries(value)) {
    if (Object.hasOwn(shape.properties, key)) continue;
    if (shape.isOpen) out[key] = given;
    else walk.mistakes.push(unknownKey(below(walk, key), key, names));
  }
  const entries = new Map<string, unknown>(Object.entries(value));
  for (const [key, schema] of Object.entries(shape.properties)) {
    const given = entries.get(key);
    if (given === undefined && !("default" in schema) && !shape.required.includes(key)) continue;
    out[key] = check(schema, given, below(walk, key));
  }
  return out;
}

function unknownKey(place: Walk, key: string, names: readonly string[]): Mistake {
  const meant = nearest(key, names);
  return {
    path: place.path,
    pointer: place.pointer ?? "",
    got: "an unknown setting",
    expected: names.length === 0 ? "no settings here" : `one of ${names.join(", ")}`,
    ...(meant === undefined ? {} : { didYouMean: meant }),
  };
}

/** The member that says `kind: "x"` as the value does; else the one with the fewest mistakes. */
function checkUnion(members: readonly TSchema[], value: unknown, walk: Walk): unknown {
  let best: { readonly found: Mistake[]; readonly out: unknown } | undefined;
  for (const member of members) {
    const found: Mistake[] = [];
    const out = check(member, value, { ...walk, mistakes: found });
    if (best === undefined || found.length < best.found.length) best = { found, out };
  }
  walk.mistakes.push(...(best?.found ?? []));
  return best?.out;
}

function isAlike(member: TSchema, value: unknown): boolean {
  if (Array.isArray(value)) return itemSchema(member) !== undefined;
  if (!isPlainObject(value)) return false;
  return objectSchema(member) !== undefined || recordValue(member) !== undefined;
}

/**
 * Checks a value and fills in defaults in one walk, so that a default never hides a mistake. Keys that no schema names
 * are mistakes unless the schema says `additionalProperties: true`. Returns the value as it is to be used.
 */
export function check(schema: TSchema, given: unknown, walk: Walk): unknown {
  const value = given === undefined && "default" in schema ? schema.default : given;
  const shape = objectSchema(schema);
  if (shape !== undefined && isPlainObject(value)) return checkObject(shape, value, walk);
  const item = itemSchema(schema);
  if (item !== undefined && Array.isArray(value)) return checkList(schema, value, walk);
  const entry = recordValue(schema);
  if (entry !== undefined && isPlainObject(value)) {
    const pairs = Object.entries(value);
    return Object.fromEntries(
      pairs.map(([key, one]) => [key, check(entry, one, below(walk, key))]),
    );
  }
  const members = unionMembers(schema);
  // Members of the value's own kind: what is wrong inside an object tells more than that it is no text.
  const alike = members?.filter((member) => isAlike(member, value)) ?? [];
  if (alike.length > 0) return checkUnion(alike, value, walk);
  return Value.Check(schema, value) ? value : report(walk, schema, value);
}

function checkList(schema: TSchema, values: readonly unknown[], walk: Walk): unknown[] {
  const item = itemSchema(schema) ?? schema;
  const before = walk.mistakes.length;
  const out = values.map((value, index) =>
    check(item, value, {
      path: `${walk.path}[${index}]`,
      pointer: `${walk.pointer ?? ""}/${index}`,
      mistakes: walk.mistakes,
    }),
  );
  // Its own rules (length, uniqueness) are worth telling only when every item is in order.
  const isWhole = walk.mistakes.length > before || Value.Check(schema, out);
  if (!isWhole) report(walk, schema, values);
  return out;
}
