import { isObject } from "./keywords.ts";
import type { JsonObject } from "./keywords.ts";
import type { EventSchema, SchemaNode } from "./read-schema.ts";

const NAME = /^[A-Za-z_$][\w$]*$/;
const PRIMITIVES: Readonly<Record<string, string>> = {
  null: "null",
  boolean: "boolean",
  number: "number",
  integer: "number",
  string: "string",
};

interface Writing {
  readonly schema: EventSchema;
  /** `$ref` → name of the type that stands for it. */
  readonly names: ReadonlyMap<string, string>;
}

/** A schema as TypeScript: the type itself, and the declarations it refers to. */
export interface WrittenType {
  readonly type: string;
  readonly declarations: readonly string[];
}

/**
 * Writes what a schema lets pass as a type, as closely as a type can say it: limits and patterns have none, `not` and
 * `if` are left out. `prefix` begins the names of what `$ref` points to.
 */
export function typescriptOf(schema: EventSchema, prefix: string): WrittenType {
  const names = new Map(
    [...schema.targets.keys()].map((ref, index) => [ref, `${prefix}${index + 1}`]),
  );
  const writing = { schema, names };
  return {
    type: typeOf(schema.root, writing),
    declarations: [...names].map(
      ([ref, name]) => `export type ${name} = ${typeOf(schema.targets.get(ref) ?? true, writing)};`,
    ),
  };
}

function typeOf(node: SchemaNode, writing: Writing): string {
  if (typeof node === "boolean") return node ? "unknown" : "never";
  const parts = [ownType(node, writing)];
  const { $ref, allOf, anyOf, oneOf } = node;
  if (typeof $ref === "string") parts.push(writing.names.get($ref) ?? "unknown");
  parts.push(...nodesOf(allOf).map((each) => typeOf(each, writing)));
  for (const choice of [anyOf, oneOf]) {
    if (choice === undefined) continue;
    parts.push(unionOf(nodesOf(choice).map((each) => typeOf(each, writing))));
  }
  const told = [...new Set(parts)].filter((part) => part !== "unknown");
  if (told.length < 2) return told[0] ?? "unknown";
  return told.map(grouped).join(" & ");
}

function ownType(node: JsonObject, writing: Writing): string {
  if ("const" in node) return literal(node["const"]);
  const { enum: choices, type } = node;
  if (Array.isArray(choices)) return unionOf(choices.map(literal));
  if (type === undefined) {
    return "properties" in node ? `unknown & ${objectType(node, writing)}` : "unknown";
  }
  const types = Array.isArray(type) ? type : [type];
  return unionOf(types.map((each) => namedType(String(each), node, writing)));
}

function namedType(type: string, node: JsonObject, writing: Writing): string {
  if (type === "array") return arrayType(node, writing);
  return type === "object" ? objectType(node, writing) : (PRIMITIVES[type] ?? "unknown");
}

function arrayType({ prefixItems, items }: JsonObject, writing: Writing): string {
  // Their shape was checked when the schema was read.
  const rest = items === undefined ? "unknown" : typeOf(items as SchemaNode, writing);
  const first = nodesOf(prefixItems).map((each) => `(${typeOf(each, writing)})?`);
  if (first.length === 0) return `readonly ${grouped(rest)}[]`;
  return `readonly [${[...first, `...${grouped(rest)}[]`].join(", ")}]`;
}

function objectType(node: JsonObject, writing: Writing): string {
  const { properties, required, additionalProperties } = node;
  const asked = new Set(Array.isArray(required) ? required : []);
  const described = isObject(properties) ? Object.entries(properties) : [];
  const members = described.map(([name, member]) => {
    const key = NAME.test(name) ? name : JSON.stringify(name);
    const type = typeOf(member as SchemaNode, writing);
    return `${commentOf(member)}readonly ${key}${asked.has(name) ? "" : "?"}: ${type};`;
  });
  for (const name of asked) {
    if (isObject(properties) && Object.hasOwn(properties, String(name))) continue;
    members.push(`readonly ${JSON.stringify(name)}: unknown;`);
  }
  if (members.length === 0 && isObject(additionalProperties)) {
    return `{ readonly [name: string]: ${typeOf(additionalProperties, writing)} }`;
  }
  if (members.length === 0) return "{ readonly [name: string]: unknown }";
  return `{ ${members.join(" ")} }`;
}

function commentOf(node: unknown): string {
  const description = isObject(node) ? node["description"] : undefined;
  return typeof description === "string" ? `${comment(description)} ` : "";
}

/** Text as a comment that it cannot end. */
export function comment(text: string): string {
  return `/** ${text.replaceAll(/\s+/g, " ").replaceAll("*/", "*\\/").trim()} */`;
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `readonly [${value.map(literal).join(", ")}]`;
  if (!isObject(value)) return typeof value === "string" ? quoted(value) : JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, each]) => `readonly ${quoted(name)}: ${literal(each)};`,
  );
  return `{ ${members.join(" ")} }`;
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

function unionOf(types: readonly string[]): string {
  const told = [...new Set(types)];
  if (told.includes("unknown")) return "unknown";
  return told.length === 1 ? (told[0] ?? "never") : told.map(grouped).join(" | ");
}

/** In parentheses where a type is made of others. */
function grouped(type: string): string {
  return /^[\w$"]+$/.test(type) ? type : `(${type})`;
}

function nodesOf(value: unknown): readonly SchemaNode[] {
  return Array.isArray(value) ? (value as readonly SchemaNode[]) : [];
}
