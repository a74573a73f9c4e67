import type { DocumentMistake, JsonObject } from "./document.ts";
import { lookAtExtensions } from "./extensions.ts";
import { eachObject, isObject, METHODS } from "./grammar.ts";
import type { Met } from "./grammar.ts";
import { below } from "./pointer.ts";
import { resolved } from "./references.ts";

type Told = (pointer: string, detail: string) => void;

const LOCATIONS: readonly unknown[] = ["path", "query", "header", "cookie"];

/** What is wrong with the shape of a document: enough that nothing later meets what it does not expect. */
export function lookAtShape(document: JsonObject): readonly DocumentMistake[] {
  const mistakes: DocumentMistake[] = [];
  const told: Told = (pointer, detail) => mistakes.push({ pointer, detail });
  lookAtTop(document, told);
  eachObject(document, (met) => SHAPES[met.kind]?.(met, told, document));
  return [...mistakes, ...lookAtExtensions(document)];
}

function lookAtTop(document: JsonObject, told: Told): void {
  const { info, paths, components } = document;
  if (!isObject(info)) told("/info", "is missing: a document has a title and a version");
  if (paths !== undefined && !isObject(paths)) told("/paths", "must be an object of paths");
  if (components !== undefined && !isObject(components)) told("/components", "must be an object");
  for (const [path, item] of Object.entries(isObject(paths) ? paths : {})) {
    if (path.startsWith("x-")) continue;
    if (!path.startsWith("/")) told(below("/paths", path), "does not begin with a slash");
    if (!isObject(item)) told(below("/paths", path), "must be an object of methods");
  }
}

type Look = (met: Met, told: Told, document: JsonObject) => void;

const SHAPES: Partial<Readonly<Record<Met["kind"], Look>>> = {
  pathItem: ({ node, pointer }, told) => {
    listOrNothing(node, "parameters", (detail) => told(below(pointer, "parameters"), detail));
    for (const method of METHODS) {
      if (node[method] !== undefined && !isObject(node[method])) {
        told(below(pointer, method), "must be an object");
      }
    }
  },
  operation: ({ node, pointer }, told) => {
    for (const key of ["parameters", "tags", "security"]) {
      listOrNothing(node, key, (detail) => told(below(pointer, key), detail));
    }
    const { operationId, responses, requestBody } = node;
    if (operationId !== undefined && typeof operationId !== "string") {
      told(below(pointer, "operationId"), "must be text");
    }
    if (responses !== undefined && !isObject(responses)) {
      told(below(pointer, "responses"), "must be an object of replies by status");
    }
    if (requestBody !== undefined && !isObject(requestBody)) {
      told(below(pointer, "requestBody"), "must be an object");
    }
  },
  parameter: ({ node, pointer }, told, document) => {
    const parameter = resolved(document, node);
    // A reference that leads nowhere is told where references are looked at.
    if (parameter === undefined || parameter !== node) return;
    if (typeof parameter["name"] !== "string") told(below(pointer, "name"), "is missing");
    if (!LOCATIONS.includes(parameter["in"])) {
      told(below(pointer, "in"), "must be path, query, header or cookie");
    }
    // The gateway refuses `/;id=5`, whatever a document says: to a server that cuts parameters off it is another path.
    if (parameter["style"] === "matrix") {
      told(
        below(pointer, "style"),
        "is matrix, which servers read differently; use simple or label",
      );
    }
  },
  requestBody: ({ node, pointer }, told) => lookAtContent(node, pointer, told),
  response: ({ node, pointer }, told) => lookAtContent(node, pointer, told),
  schema: ({ node, pointer }, told) => lookAtSchema(node, pointer, told),
};

function lookAtContent({ content }: JsonObject, pointer: string, told: Told): void {
  if (content !== undefined && !isObject(content)) {
    told(below(pointer, "content"), "must be an object of media types");
  }
}

function listOrNothing(node: JsonObject, key: string, told: (detail: string) => void): void {
  if (node[key] !== undefined && !Array.isArray(node[key])) told("must be a list");
}

const TYPES = new Set(["null", "boolean", "object", "array", "number", "string", "integer"]);
const isNumber = (value: unknown): boolean => typeof value === "number";
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const isSchema = (value: unknown): boolean => isObject(value) || typeof value === "boolean";
const isSchemaList = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(isSchema);
const isSchemaMap = (value: unknown): boolean =>
  isObject(value) && Object.values(value).every(isSchema);
const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((each) => typeof each === "string");

/** What a keyword's value must be, and how that is said. A validator cannot be made of anything else. */
const KEYWORDS: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> = {
  type: [isType, "must be a type of JSON, or a list of them"],
  enum: [(value) => Array.isArray(value) && value.length > 0, "must be a list of values"],
  required: [isTexts, "must be a list of names"],
  pattern: [isPattern, "is no regular expression of ECMAScript"],
  format: [(value) => typeof value === "string", "must be text"],
  ...each(
    ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"],
    isNumber,
    "must be a number",
  ),
  multipleOf: [(value) => typeof value === "number" && value > 0, "must be a number above 0"],
  ...each(
    ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"],
    isCount,
    "must be a whole number, not below 0",
  ),
  ...each(["minContains", "maxContains"], isCount, "must be a whole number, not below 0"),
  uniqueItems: [(value) => typeof value === "boolean", "must be true or false"],
  ...each(["allOf", "anyOf", "oneOf", "prefixItems"], isSchemaList, "must be a list of schemas"),
  ...each(["properties", "dependentSchemas", "$defs"], isSchemaMap, "must be an object of schemas"),
  patternProperties: [
    (value) => isSchemaMap(value) && Object.keys(value as JsonObject).every(isPattern),
    "must be an object of schemas by regular expressions",
  ],
  ...each(
    ["items", "additionalProperties", "not", "contains", "propertyNames", "if", "then", "else"],
    isSchema,
    "must be a schema",
  ),
  ...each(["unevaluatedItems", "unevaluatedProperties"], isSchema, "must be a schema"),
};

function each(
  names: readonly string[],
  test: (value: unknown) => boolean,
  detail: string,
): Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> {
  return Object.fromEntries(names.map((name) => [name, [test, detail] as const]));
}

function isType(value: unknown): boolean {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.length > 0 && list.every((one) => typeof one === "string" && TYPES.has(one));
}

/** With the flag that JSON Schema asks for, or without: many documents are written for readers that know none. */
function isPattern(value: unknown): boolean {
  return typeof value === "string" && patternOf(value) !== undefined;
}

/** The regular expression of a `pattern`; undefined when it is none. */
export function patternOf(source: string): RegExp | undefined {
  for (const flags of ["u", ""]) {
    try {
      return new RegExp(source, flags);
    } catch {
      // Tried without the flag, then it is none.
    }
  }
  return undefined;
}

function lookAtSchema(node: JsonObject, pointer: string, told: Told): void {
  for (const [keyword, value] of Object.entries(node)) {
    const rule = Object.hasOwn(KEYWORDS, keyword) ? KEYWORDS[keyword] : undefined;
    if (rule === undefined || rule[0](value)) continue;
    told(below(pointer, keyword), rule[1]);
  }
}
