import { isObject, mapValues, type Json } from "./json.ts";

/** Keywords of JSON Schema 2020-12 that OpenAPI 3.0 has no word for; without them a schema only admits more. */
const LEFT_OUT = new Set([
  "$schema",
  "$id",
  "$anchor",
  "$dynamicAnchor",
  "$dynamicRef",
  "$vocabulary",
  "$comment",
  "if",
  "then",
  "else",
  "contains",
  "minContains",
  "maxContains",
  "dependentSchemas",
  "dependentRequired",
  "propertyNames",
  "unevaluatedItems",
  "unevaluatedProperties",
  "contentSchema",
]);

/** Keywords whose value is one schema. */
const ONE = new Set(["not", "items"]);
/** Keywords whose value is a list of schemas. */
const MANY = new Set(["allOf", "anyOf", "oneOf"]);

/** One schema of 3.1 (JSON Schema 2020-12) as a Schema Object of 3.0 (OpenAPI 3.0.3 §4.7.24). */
export function downgradeSchema(schema: unknown): Json {
  if (schema === true) return {};
  if (!isObject(schema)) return { not: {} };
  const { $ref, ...rest } = schema;
  if (typeof $ref !== "string") return plainSchema(rest);
  // A Reference Object has no siblings in 3.0: they would be ignored.
  const reference = { $ref: referenceOf($ref) };
  return Object.keys(rest).length === 0
    ? reference
    : { allOf: [reference], ...plainSchema(rest, [reference]) };
}

/** What 3.0 has no place for (definitions inside a schema, shared path items) is found under an extension's name. */
export function referenceOf(reference: string): string {
  return reference
    .replaceAll("/$defs/", "/x-defs/")
    .replace("#/components/pathItems/", "#/components/x-pathItems/");
}

function plainSchema(schema: Json, references: readonly Json[] = []): Json {
  const out: Record<string, unknown> = {};
  for (const [word, value] of Object.entries(schema)) {
    if (LEFT_OUT.has(word) || word === "type") continue;
    if (ONE.has(word)) out[word] = downgradeSchema(value);
    else if (MANY.has(word) && Array.isArray(value)) out[word] = value.map(downgradeSchema);
    else if (word === "properties") out[word] = mapValues(value, downgradeSchema);
    else if (word === "$defs") out["x-defs"] = mapValues(value, downgradeSchema);
    else out[word] = value;
  }
  if (references.length > 0 && "allOf" in out) also(out, references, "before");
  const { anyOf, ...typed } = typeOf(schema);
  Object.assign(out, typed);
  if (anyOf !== undefined) {
    if ("anyOf" in out) also(out, [{ anyOf }]);
    else out["anyOf"] = anyOf;
  }
  for (const change of [constant, bounds, examples, tuple, patterns, additional, content, nulls])
    change(out, schema);
  return out;
}

/** Adds to what all of has to hold. */
function also(
  out: Record<string, unknown>,
  schemas: readonly Json[],
  where: "before" | "after" = "after",
): void {
  // Set from a list above.
  const { allOf = [] } = out as { allOf?: readonly unknown[] };
  out["allOf"] = where === "before" ? [...schemas, ...allOf] : [...allOf, ...schemas];
}

/** `type: ["string", "null"]` is a nullable string; several other types are a choice. */
function typeOf({ type }: Json): Json {
  if (!Array.isArray(type)) return typeof type === "string" && type !== "null" ? { type } : {};
  const named = type.filter((name) => name !== "null").map(String);
  const nullable = named.length < type.length ? { nullable: true } : {};
  if (named.length === 1) return { type: named[0], ...nullable };
  // Without a type everything is admitted, null as well: the choice is told by `anyOf`.
  return named.length === 0 ? {} : { anyOf: named.map((name) => typed(name, nullable)) };
}

function typed(type: string, nullable: Json): Json {
  return { type, ...(type === "array" ? { items: {} } : {}), ...nullable };
}

type Change = (out: Record<string, unknown>, from: Json) => void;

const constant: Change = (out, from) => {
  if (!("const" in from)) return;
  delete out["const"];
  out["enum"] = [from["const"]];
};

const bounds: Change = (out, from) => {
  for (const [exclusive, plain] of [
    ["exclusiveMinimum", "minimum"],
    ["exclusiveMaximum", "maximum"],
  ] as const) {
    const bound = from[exclusive];
    if (typeof bound !== "number") continue;
    const other = from[plain];
    const isTighter =
      typeof other === "number" && (plain === "minimum" ? other > bound : other < bound);
    if (isTighter) delete out[exclusive];
    else Object.assign(out, { [plain]: bound, [exclusive]: true });
  }
};

const examples: Change = (out, from) => {
  if (!Array.isArray(from["examples"])) return;
  delete out["examples"];
  if (from["examples"].length > 0) out["example"] ??= from["examples"][0];
};

const tuple: Change = (out, from) => {
  const { prefixItems, items } = from;
  if (!Array.isArray(prefixItems)) {
    // `items` is required of arrays in 3.0.
    if (out["type"] === "array") out["items"] ??= {};
    return;
  }
  delete out["prefixItems"];
  const rest = items === false ? [] : [downgradeSchema(items ?? true)];
  out["items"] = { anyOf: [...prefixItems.map(downgradeSchema), ...rest] };
  if (items === false) out["maxItems"] ??= prefixItems.length;
};

const patterns: Change = (out, from) => {
  const { patternProperties, additionalProperties } = from;
  if (!isObject(patternProperties)) return;
  delete out["patternProperties"];
  const named = Object.values(patternProperties).map(downgradeSchema);
  // Names that match no pattern are admitted by `additionalProperties`, by default all of them.
  if (additionalProperties === undefined || additionalProperties === true) return;
  const rest = additionalProperties === false ? [] : [downgradeSchema(additionalProperties)];
  const choice = [...named, ...rest];
  out["additionalProperties"] = choice.length === 1 ? choice[0] : { anyOf: choice };
};

const additional: Change = (out, from) => {
  if ("patternProperties" in from) return;
  const { additionalProperties } = from;
  if (isObject(additionalProperties)) {
    out["additionalProperties"] = downgradeSchema(additionalProperties);
  }
};

const content: Change = (out, from) => {
  delete out["contentEncoding"];
  delete out["contentMediaType"];
  if (from["contentEncoding"] === "base64") out["format"] ??= "byte";
  else if (from["contentMediaType"] === "application/octet-stream") out["format"] ??= "binary";
};

/** `{ type: "null" }`, alone and as a branch of a choice (3.0 has `nullable` beside a type). */
const nulls: Change = (out, from) => {
  if (from["type"] === "null") Object.assign(out, { nullable: true, enum: [null] });
  if (Array.isArray(out["enum"]) && out["enum"].includes(null)) out["nullable"] = true;
  for (const word of ["anyOf", "oneOf"]) {
    const branches = from[word];
    if (!Array.isArray(branches) || !branches.some(isNull)) continue;
    const others = branches.filter((branch) => !isNull(branch)).map(downgradeSchema);
    delete out[word];
    Object.assign(out, nullableOf(others, word));
  }
};

function isNull(schema: unknown): boolean {
  return isObject(schema) && schema["type"] === "null";
}

function nullableOf(branches: readonly Json[], word: string): Json {
  const [only] = branches;
  if (branches.length === 1 && only !== undefined) {
    return "$ref" in only ? { allOf: [only], nullable: true } : { ...only, nullable: true };
  }
  // `nullable` admits null only beside a type (3.0.3 proposal 2019-10-31): each branch carries its own.
  return { [word]: branches.map((branch) => nullableOf([branch], word)) };
}
