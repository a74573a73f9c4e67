import type { JsonObject } from "./document.ts";
import { below } from "./pointer.ts";

/** What an object of a document is. */
export type Kind =
  | "document"
  | "components"
  | "pathItem"
  | "operation"
  | "parameter"
  | "requestBody"
  | "response"
  | "header"
  | "mediaType"
  | "encoding"
  | "callback"
  | "example"
  | "link"
  | "securityScheme"
  | "schema";

type Holds = "one" | "list" | "map";
type Members = Readonly<Record<string, readonly [Holds, Kind]>>;

const OPERATION = ["one", "operation"] as const;
const SCHEMA = ["one", "schema"] as const;
const SCHEMAS = ["list", "schema"] as const;
const SCHEMA_MAP = ["map", "schema"] as const;
const CONTENT = ["map", "mediaType"] as const;
const HEADERS = ["map", "header"] as const;
const VALUED: Members = { schema: SCHEMA, content: CONTENT, examples: ["map", "example"] };

/** Keywords of JSON Schema that hold one schema. */
export const SINGLE_SCHEMAS = [
  "items",
  "additionalProperties",
  "not",
  "if",
  "then",
  "else",
  "contains",
  "propertyNames",
  "unevaluatedItems",
  "unevaluatedProperties",
  "contentSchema",
] as const;

/** Methods that a path item may hold (OpenAPI 3.1 §4.8.9). */
export const METHODS = [
  "get",
  "put",
  "post",
  "delete",
  "options",
  "head",
  "patch",
  "trace",
] as const;

/**
 * Where in a document objects of which kind stand (OpenAPI 3.1 §4.8, JSON Schema 2020-12). A member named `nullable` in
 * `properties` or in an example is data, so nothing may be found by its name alone.
 */
const GRAMMAR: Readonly<Record<Kind, Members>> = {
  document: {
    paths: ["map", "pathItem"],
    webhooks: ["map", "pathItem"],
    components: ["one", "components"],
  },
  components: {
    schemas: SCHEMA_MAP,
    responses: ["map", "response"],
    parameters: ["map", "parameter"],
    examples: ["map", "example"],
    requestBodies: ["map", "requestBody"],
    headers: HEADERS,
    securitySchemes: ["map", "securityScheme"],
    links: ["map", "link"],
    callbacks: ["map", "callback"],
    pathItems: ["map", "pathItem"],
  },
  pathItem: {
    parameters: ["list", "parameter"],
    ...Object.fromEntries(METHODS.map((method) => [method, OPERATION])),
  },
  operation: {
    parameters: ["list", "parameter"],
    requestBody: ["one", "requestBody"],
    responses: ["map", "response"],
    callbacks: ["map", "callback"],
  },
  parameter: VALUED,
  header: VALUED,
  requestBody: { content: CONTENT },
  response: { headers: HEADERS, content: CONTENT, links: ["map", "link"] },
  mediaType: { schema: SCHEMA, encoding: ["map", "encoding"], examples: ["map", "example"] },
  encoding: { headers: HEADERS },
  callback: {},
  example: {},
  link: {},
  securityScheme: {},
  schema: {
    properties: SCHEMA_MAP,
    patternProperties: SCHEMA_MAP,
    dependentSchemas: SCHEMA_MAP,
    $defs: SCHEMA_MAP,
    definitions: SCHEMA_MAP,
    allOf: SCHEMAS,
    anyOf: SCHEMAS,
    oneOf: SCHEMAS,
    prefixItems: SCHEMAS,
    ...Object.fromEntries(SINGLE_SCHEMAS.map((name) => [name, SCHEMA])),
  },
};

/** Where `components` keeps objects of a kind. */
export const SECTIONS: Partial<Readonly<Record<Kind, string>>> = {
  schema: "schemas",
  response: "responses",
  parameter: "parameters",
  example: "examples",
  requestBody: "requestBodies",
  header: "headers",
  securityScheme: "securitySchemes",
  link: "links",
  callback: "callbacks",
  pathItem: "pathItems",
};

/** One object met on a walk. */
export interface Met {
  readonly kind: Kind;
  readonly node: JsonObject;
  readonly pointer: string;
}

/** Answers what takes the object's place, or the object itself; its members are walked afterwards. */
export type Change = (met: Met) => JsonObject;

/** True for an object, and no array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The reference of an object that may be one (`$ref`), undefined when it stands for itself. */
export function referenceOf(kind: Kind, node: JsonObject): string | undefined {
  const { $ref } = node;
  return typeof $ref === "string" && SECTIONS[kind] !== undefined ? $ref : undefined;
}

/** Walks a whole tree in the order of the document and answers it changed. What needs no change is not copied. */
export function mapTree(met: Met, change: Change): JsonObject {
  const changed = change(met);
  const copies: Record<string, unknown> = {};
  let isChanged = false;
  for (const [name, value] of Object.entries(changed)) {
    const member = memberOf(met.kind, name);
    if (member === undefined) continue;
    const copy = mapMember(value, { member, pointer: below(met.pointer, name), change });
    if (copy === value) continue;
    isChanged = true;
    copies[name] = copy;
  }
  return isChanged ? { ...changed, ...copies } : changed;
}

interface MemberWalk {
  readonly member: readonly [Holds, Kind];
  readonly pointer: string;
  readonly change: Change;
}

function memberOf(kind: Kind, name: string): readonly [Holds, Kind] | undefined {
  // Expressions name a callback's members; all but extensions are path items.
  if (kind === "callback") return name.startsWith("x-") ? undefined : ["one", "pathItem"];
  return Object.hasOwn(GRAMMAR[kind], name) ? GRAMMAR[kind][name] : undefined;
}

function mapMember(value: unknown, { member, pointer, change }: MemberWalk): unknown {
  const [holds, kind] = member;
  if (holds === "one") {
    return isObject(value) ? mapTree({ kind, node: value, pointer }, change) : value;
  }
  if (holds === "list") {
    if (!Array.isArray(value)) return value;
    const items: readonly unknown[] = value;
    const copies = items.map((item, index) =>
      isObject(item) ? mapTree({ kind, node: item, pointer: below(pointer, index) }, change) : item,
    );
    return copies.some((copy, index) => copy !== items[index]) ? copies : items;
  }
  return isObject(value) ? mapEntries(value, { member, pointer, change }) : value;
}

function mapEntries(entries: JsonObject, { member, pointer, change }: MemberWalk): JsonObject {
  const [, kind] = member;
  let isChanged = false;
  const copies = Object.entries(entries).map(([name, item]): [string, unknown] => {
    // An extension beside paths is no path (`x-…`); a property may be called anything.
    const isSkipped = !isObject(item) || (kind === "pathItem" && name.startsWith("x-"));
    if (isSkipped) return [name, item];
    const copy = mapTree({ kind, node: item, pointer: below(pointer, name) }, change);
    isChanged ||= copy !== item;
    return [name, copy];
  });
  return isChanged ? Object.fromEntries(copies) : entries;
}

/** Walks without changing anything. */
export function eachObject(document: JsonObject, look: (met: Met) => void): void {
  mapTree({ kind: "document", node: document, pointer: "" }, (met) => {
    look(met);
    return met.node;
  });
}
