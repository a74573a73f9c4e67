import type { JsonObject } from "./document.ts";
import { isObject, mapTree, referenceOf } from "./grammar.ts";
import type { Met } from "./grammar.ts";

/** Turns a 3.0 document into 3.1, which is JSON Schema 2020-12: what 3.0 said in its own words is said in its words. */
export function upgradeTo31(document: JsonObject): JsonObject {
  const changed = mapTree({ kind: "document", node: document, pointer: "" }, upgraded);
  return { ...changed, openapi: "3.1.0" };
}

function upgraded({ kind, node }: Met): JsonObject {
  const reference = referenceOf(kind, node);
  // What stands beside a reference is ignored in 3.0 (§4.7.23.1), and would count in 3.1.
  if (reference !== undefined) return kind === "pathItem" ? node : { $ref: reference };
  return kind === "schema" ? upgradedSchema(node) : node;
}

function upgradedSchema(node: JsonObject): JsonObject {
  const isPlain =
    !("nullable" in node) &&
    !("example" in node) &&
    !("exclusiveMinimum" in node) &&
    !("exclusiveMaximum" in node);
  if (isPlain) return node;
  const { nullable, example, ...schema } = node;
  const bounded = withBound(withBound(schema, "Minimum"), "Maximum");
  const shown =
    example === undefined || "examples" in bounded ? bounded : { ...bounded, examples: [example] };
  return nullable === true ? orNull(shown) : shown;
}

/** `minimum: 5, exclusiveMinimum: true` is `exclusiveMinimum: 5`. */
function withBound(schema: JsonObject, bound: "Minimum" | "Maximum"): JsonObject {
  const key = `exclusive${bound}`;
  const isExclusive = schema[key];
  if (typeof isExclusive !== "boolean") return schema;
  const plain = bound.toLowerCase();
  const { [key]: _taken, [plain]: limit, ...rest } = schema;
  if (limit === undefined) return rest;
  return isExclusive ? { ...rest, [key]: limit } : { ...rest, [plain]: limit };
}

/**
 * `nullable` without a type says nothing by the letter of 3.0.3; documents write it beside `anyOf` and mean null, so null
 * is taken there too.
 */
function orNull(schema: JsonObject): JsonObject {
  const { type } = schema;
  const list: unknown = schema["enum"];
  const choices =
    Array.isArray(list) && !list.includes(null) ? { enum: [...(list as unknown[]), null] } : {};
  if (typeof type === "string") return { ...schema, ...choices, type: [type, "null"] };
  for (const key of ["anyOf", "oneOf"]) {
    const branches = schema[key];
    if (!Array.isArray(branches)) continue;
    const hasNull = branches.some((branch) => isObject(branch) && branch["nullable"] === true);
    return hasNull && key === "oneOf"
      ? schema
      : { ...schema, ...choices, [key]: [...(branches as unknown[]), { type: "null" }] };
  }
  if (Array.isArray(schema["allOf"])) {
    const { allOf, ...rest } = schema;
    return { ...rest, ...choices, anyOf: [{ allOf }, { type: "null" }] };
  }
  return { ...schema, ...choices };
}
