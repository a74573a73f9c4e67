import type { JsonObject } from "../document.ts";
import { isObject, SINGLE_SCHEMAS } from "../grammar.ts";
import { resolved, targetOf } from "../references.ts";

/** Which way a value goes: `readOnly` members need not be in a request, `writeOnly` ones not in a reply. */
export type Direction = "request" | "reply";

/** Our word for a reference: what it leads to is compiled when a value first gets there. */
export const REFERENCE = "porticoReference";

const SAME = [
  "type",
  "enum",
  "const",
  "format",
  "pattern",
  "multipleOf",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minContains",
  "maxContains",
  "minProperties",
  "maxProperties",
  "dependentRequired",
];
const LISTS = ["allOf", "anyOf", "oneOf", "prefixItems"];
const MAPS = ["properties", "patternProperties", "dependentSchemas"];
/** Keywords whose schemas look at the same value. */
const IN_PLACE = new Set([
  "allOf",
  "anyOf",
  "oneOf",
  "not",
  "if",
  "then",
  "else",
  "dependentSchemas",
]);

/** A schema as Ajv compiles it, and how much there is of it. */
export interface Prepared {
  readonly schema: JsonObject | boolean;
  /** Objects in it: what compiling costs goes with their number. */
  readonly nodes: number;
}

interface Work {
  readonly document: JsonObject;
  readonly direction: Direction;
  nodes: number;
}

/**
 * Takes from a schema what a validator is made of. Words for readers, vendors' keywords and identifiers stay behind;
 * references become {@link REFERENCE}, so that a cycle is no matter and nothing is compiled that no value reaches.
 */
export function prepare(document: JsonObject, schema: unknown, direction: Direction): Prepared {
  const work: Work = { document, direction, nodes: 0 };
  return { schema: prepared(work, schema, false), nodes: work.nodes };
}

function prepared(work: Work, schema: unknown, isInlined: boolean): JsonObject | boolean {
  if (typeof schema === "boolean") return schema;
  if (!isObject(schema)) return true;
  work.nodes += 1;
  // `unevaluated…` must see what the schemas beside it have looked at, so their references are written out.
  const inlines = isInlined || "unevaluatedProperties" in schema || "unevaluatedItems" in schema;
  const out: Record<string, unknown> = {};
  for (const key of SAME) if (key in schema) out[key] = schema[key];
  for (const key of SINGLE_SCHEMAS) {
    if (key in schema) out[key] = prepared(work, schema[key], inlines && IN_PLACE.has(key));
  }
  for (const key of LISTS) {
    const list = schema[key];
    if (!Array.isArray(list)) continue;
    out[key] = list.map((each) => prepared(work, each, inlines && IN_PLACE.has(key)));
  }
  for (const key of MAPS) {
    const map = schema[key];
    if (isObject(map)) out[key] = preparedMap(work, map, inlines && IN_PLACE.has(key));
  }
  const required = requiredOf(work, schema);
  if (required.length > 0) out["required"] = required;
  addReference(work, out, { schema, inlines });
  return out;
}

function preparedMap(work: Work, map: JsonObject, isInlined: boolean): JsonObject {
  return Object.fromEntries(
    Object.entries(map).map(([name, each]) => [name, prepared(work, each, isInlined)]),
  );
}

function addReference(
  work: Work,
  out: Record<string, unknown>,
  { schema, inlines }: { readonly schema: JsonObject; readonly inlines: boolean },
): void {
  const { $ref } = schema;
  if (typeof $ref !== "string") return;
  if (!inlines) {
    out[REFERENCE] = $ref;
    return;
  }
  const allOf: unknown = out["allOf"];
  const target = prepared(work, targetOf(work.document, $ref), true);
  out["allOf"] = [...(Array.isArray(allOf) ? (allOf as unknown[]) : []), target];
}

function requiredOf({ document, direction }: Work, schema: JsonObject): readonly string[] {
  const { required, properties } = schema;
  if (!Array.isArray(required)) return [];
  const spared = direction === "request" ? "readOnly" : "writeOnly";
  return required.filter((name): name is string => {
    if (typeof name !== "string") return false;
    const property = isObject(properties) ? properties[name] : undefined;
    const own = isObject(property) && property[spared] === true;
    return !own && resolved(document, property)?.[spared] !== true;
  });
}
