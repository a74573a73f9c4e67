import type { JsonObject } from "./document.ts";
import { isObject, mapTree } from "./grammar.ts";
import type { Met } from "./grammar.ts";

/** Keywords of a 3.0 schema (§4.7.24); what else there is must begin with `x-`. */
const SCHEMA_WORDS = new Set([
  "title",
  "multipleOf",
  "maximum",
  "exclusiveMaximum",
  "minimum",
  "exclusiveMinimum",
  "maxLength",
  "minLength",
  "pattern",
  "maxItems",
  "minItems",
  "uniqueItems",
  "maxProperties",
  "minProperties",
  "required",
  "enum",
  "type",
  "not",
  "allOf",
  "oneOf",
  "anyOf",
  "items",
  "properties",
  "additionalProperties",
  "description",
  "format",
  "default",
  "nullable",
  "discriminator",
  "readOnly",
  "writeOnly",
  "example",
  "externalDocs",
  "deprecated",
  "xml",
]);

/**
 * Says a 3.1 document in 3.0.3, for readers that know no more. What 3.0 has no word for is left out, so the result may say less
 * than the original, but never anything else.
 *
 * @example
 * const shown = toOpenApi30(publicDocument(document, { serverUrl }));
 * shown["openapi"]; // "3.0.3"
 */
export function toOpenApi30(json: JsonObject): JsonObject {
  const mutual = mutualTls(json);
  const changed = mapTree({ kind: "document", node: json, pointer: "" }, (met) =>
    downgraded(met, mutual),
  );
  return { ...changed, openapi: "3.0.3" };
}

function downgraded({ kind, node }: Met, mutual: ReadonlySet<string>): JsonObject {
  switch (kind) {
    case "document":
      return withSecurity(topOf(node), mutual);
    case "operation":
      return withSecurity({ ...node, responses: responsesOf(node["responses"]) }, mutual);
    case "schema":
      return schemaOf(node);
    case "components":
      return componentsOf(node, mutual);
    case "response":
    case "parameter":
    case "requestBody":
    case "header":
      return referenceAlone(node);
    case "pathItem":
      return withMovedReference(node);
    default:
      return node;
  }
}

/** Beside a reference 3.0 ignores everything, and its validators refuse it. */
function referenceAlone(node: JsonObject): JsonObject {
  return typeof node["$ref"] === "string" ? { $ref: moved(node["$ref"]) } : node;
}

function withMovedReference(node: JsonObject): JsonObject {
  return typeof node["$ref"] === "string" ? { ...node, $ref: moved(node["$ref"]) } : node;
}

/** Where 3.0 has no place of its own, extensions hold what references lead to. */
function moved(reference: string): string {
  return reference
    .replaceAll("/$defs/", "/x-defs/")
    .replaceAll("/prefixItems/", "/x-prefixItems/")
    .replace("#/components/pathItems/", "#/components/x-pathItems/")
    .replace("#/webhooks/", "#/x-webhooks/");
}

function topOf(node: JsonObject): JsonObject {
  const { info, webhooks, jsonSchemaDialect: _dialect, ...rest } = node;
  return {
    ...rest,
    info: infoOf(info),
    paths: rest["paths"] ?? {},
    ...(webhooks === undefined ? {} : { "x-webhooks": webhooks }),
  };
}

function infoOf(info: unknown): unknown {
  if (!isObject(info)) return info;
  const { summary: _summary, license, ...rest } = info;
  if (!isObject(license)) return rest;
  const { identifier: _identifier, ...named } = license;
  return { ...rest, license: named };
}

function responsesOf(responses: unknown): unknown {
  const isSaid = isObject(responses) && Object.keys(responses).length > 0;
  return isSaid ? responses : { default: { description: "Not described." } };
}

function mutualTls(json: JsonObject): ReadonlySet<string> {
  const components = isObject(json["components"]) ? json["components"] : {};
  const schemes = isObject(components["securitySchemes"]) ? components["securitySchemes"] : {};
  return new Set(
    Object.entries(schemes).flatMap(([name, scheme]) =>
      isObject(scheme) && scheme["type"] === "mutualTLS" ? [name] : [],
    ),
  );
}

function componentsOf(node: JsonObject, mutual: ReadonlySet<string>): JsonObject {
  const { pathItems, securitySchemes, ...rest } = node;
  const schemes = Object.entries(isObject(securitySchemes) ? securitySchemes : {});
  const kept = Object.fromEntries(schemes.filter(([name]) => !mutual.has(name)));
  return {
    ...rest,
    ...(securitySchemes === undefined ? {} : { securitySchemes: kept }),
    ...(pathItems === undefined ? {} : { "x-pathItems": pathItems }),
  };
}

/** A client certificate is asked for below HTTP: 3.0 cannot say it. */
function withSecurity(node: JsonObject, mutual: ReadonlySet<string>): JsonObject {
  const { security } = node;
  if (mutual.size === 0 || !Array.isArray(security)) return node;
  const kept = security.filter(isObject).map((each) => withoutNames(each, mutual));
  return { ...node, security: kept };
}

function withoutNames(node: JsonObject, names: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(Object.entries(node).filter(([name]) => !names.has(name)));
}

function schemaOf(node: JsonObject): JsonObject {
  if (typeof node["$ref"] === "string") return referenceSchema(node);
  const typed = withType(withBounds(withValues(withSubschemas(node))));
  return known(typed);
}

/** What stands beside a reference counts in 3.1, and does in 3.0 only beside `allOf`. */
function referenceSchema(node: JsonObject): JsonObject {
  const { $ref, ...beside } = node;
  const alone = { $ref: moved(String($ref)) };
  const rest = known(withType(withBounds(withValues(withSubschemas(beside)))));
  if (Object.keys(rest).length === 0) return alone;
  const { allOf } = rest;
  return { ...rest, allOf: [alone, ...(Array.isArray(allOf) ? (allOf as unknown[]) : [])] };
}

function known(node: JsonObject): JsonObject {
  const names = Object.keys(node);
  if (names.every((name) => SCHEMA_WORDS.has(name) || name.startsWith("x-"))) return node;
  return Object.fromEntries(
    Object.entries(node).filter(([name]) => SCHEMA_WORDS.has(name) || name.startsWith("x-")),
  );
}

/** 3.0 has no schema `true` or `false` but for additional properties. */
function asObject(schema: unknown): unknown {
  if (schema === true) return {};
  return schema === false ? { not: {} } : schema;
}

function isSayable(schema: JsonObject): boolean {
  return Object.keys(schema).every(
    (name) => SCHEMA_WORDS.has(name) || name === "const" || name === "$ref" || name === "$comment",
  );
}

function withSubschemas(node: JsonObject): JsonObject {
  const out: Record<string, unknown> = { ...node };
  for (const key of ["items", "not"]) if (key in out) out[key] = asObject(out[key]);
  for (const key of ["allOf", "anyOf", "oneOf"]) {
    const list = out[key];
    if (Array.isArray(list)) out[key] = list.map(asObject);
  }
  const { properties } = node;
  if (isObject(properties)) {
    const entries = Object.entries(properties).map(([name, each]) => [name, asObject(each)]);
    out["properties"] = Object.fromEntries(entries);
  }
  // What is said of other members would be said of those that the patterns allow.
  if ("patternProperties" in node) out["additionalProperties"] = true;
  // Without the words that 3.0 lacks it would forbid more than it did.
  if (isObject(node["not"]) && !isSayable(node["not"])) delete out["not"];
  if ("$defs" in node) out["x-defs"] = node["$defs"];
  if ("prefixItems" in node) {
    out["x-prefixItems"] = node["prefixItems"];
    // `items` speaks of what comes after the first ones: here it would speak of all.
    out["items"] = {};
  }
  return withoutNull(out);
}

/** `anyOf: [X, { type: null }]` is a nullable X. */
function withoutNull(node: JsonObject): JsonObject {
  for (const key of ["anyOf", "oneOf"]) {
    const list = node[key];
    if (!Array.isArray(list)) continue;
    const branches: readonly unknown[] = list;
    const kept = branches.filter((each) => !(isObject(each) && each["type"] === "null"));
    if (kept.length === branches.length) continue;
    const { [key]: _list, ...rest } = node;
    if (kept.length === 0) return { ...rest, type: "null" };
    const [only] = kept;
    // By 3.0.3 `nullable` needs a type beside it, so it stands in each form that has one.
    const nullable = kept.map(orNull);
    return kept.length === 1 &&
      isObject(only) &&
      !("$ref" in only) &&
      Object.keys(rest).length === 0
      ? (orNull(only) as JsonObject)
      : { ...rest, [key]: nullable };
  }
  return node;
}

function orNull(branch: unknown): unknown {
  if (!isObject(branch)) return branch;
  if ("$ref" in branch) return { allOf: [branch], nullable: true };
  const { type } = branch;
  if (Array.isArray(type)) {
    return type.includes("null") ? branch : { ...branch, type: [...(type as unknown[]), "null"] };
  }
  return typeof type === "string"
    ? { ...branch, type: [type, "null"] }
    : { ...branch, nullable: true };
}

function withValues(node: JsonObject): JsonObject {
  const { const: only, examples, contentEncoding, contentMediaType, ...rest } = node;
  const first: unknown = Array.isArray(examples) ? examples[0] : undefined;
  return {
    ...rest,
    ...("const" in node ? { enum: [only] } : {}),
    ...(first === undefined || "example" in rest ? {} : { example: first }),
    ...("format" in rest ? {} : formatOf(contentEncoding, contentMediaType)),
  };
}

function formatOf(encoding: unknown, mediaType: unknown): JsonObject {
  if (encoding === "base64" || encoding === "base64url") return { format: "byte" };
  return mediaType === "application/octet-stream" ? { format: "binary" } : {};
}

function withBounds(node: JsonObject): JsonObject {
  let out = node;
  for (const plain of ["minimum", "maximum"] as const) {
    const key = `exclusive${plain === "minimum" ? "Minimum" : "Maximum"}`;
    const limit = out[key];
    if (typeof limit !== "number") continue;
    const { [key]: _limit, ...rest } = out;
    const inclusive = rest[plain];
    const isTighter =
      typeof inclusive === "number" &&
      (plain === "minimum" ? inclusive > limit : inclusive < limit);
    out = isTighter ? rest : { ...rest, [plain]: limit, [key]: true };
  }
  return out;
}

/** One type and `nullable`; several are several forms. An array says what its items are. */
function withType(node: JsonObject): JsonObject {
  const { type, ...rest } = node;
  if (type === undefined) return node;
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  const named = types.filter((each) => each !== "null");
  const isNullable = named.length < types.length;
  if (named.length === 0) return { ...rest, nullable: true, enum: [null] };
  const nullable = isNullable ? { nullable: true } : {};
  const [only] = named;
  if (named.length === 1) {
    return { ...rest, type: only, ...nullable, ...(only === "array" ? withItems(rest) : {}) };
  }
  const forms = named.map((each) => ({
    type: each,
    ...nullable,
    ...(each === "array" ? withItems(rest) : {}),
  }));
  const { items: _items, anyOf, allOf, ...others } = rest;
  if (anyOf === undefined)
    return { ...others, ...(allOf === undefined ? {} : { allOf }), anyOf: forms };
  const list = Array.isArray(allOf) ? (allOf as unknown[]) : [];
  return { ...others, anyOf, allOf: [...list, { anyOf: forms }] };
}

function withItems(rest: JsonObject): JsonObject {
  return { items: rest["items"] ?? {} };
}
