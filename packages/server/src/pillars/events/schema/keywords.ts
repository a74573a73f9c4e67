/** Where the schemas of a keyword lie: itself, a list of them, or named ones. */
export type Holds = "one" | "list" | "map";

/** What a schema may say with one keyword. */
export interface Keyword {
  /** What is wrong with a value; undefined when it fits. */
  readonly mistake: (value: unknown) => string | undefined;
  readonly holds?: Holds;
  /** True where its schemas judge the very value that the keyword's own schema judges. */
  readonly isInPlace?: boolean;
}

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a JSON value is an object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const TYPES = new Set(["null", "boolean", "object", "array", "number", "string", "integer"]);
const DIALECT = "https://json-schema.org/draft/2020-12/schema";

const anything: Keyword = { mistake: () => undefined };
const count: Keyword = {
  mistake: (value) =>
    Number.isSafeInteger(value) && Number(value) >= 0 ? undefined : "must be an integer from 0 on",
};
const number: Keyword = {
  mistake: (value) => (Number.isFinite(value) ? undefined : "must be a number"),
};
const flag: Keyword = {
  mistake: (value) => (typeof value === "boolean" ? undefined : "must be true or false"),
};
const text: Keyword = {
  mistake: (value) => (typeof value === "string" ? undefined : "must be a text"),
};
const names: Keyword = {
  mistake: (value) =>
    isListOf(value, (each) => typeof each === "string") ? undefined : "must be a list of texts",
};
const one: Keyword = { mistake: () => undefined, holds: "one" };
const inPlace: Keyword = { mistake: () => undefined, holds: "one", isInPlace: true };
const map: Keyword = {
  mistake: (value) => (isObject(value) ? undefined : "must be an object of schemas"),
  holds: "map",
};
const list: Keyword = {
  mistake: (value) =>
    Array.isArray(value) && value.length > 0 ? undefined : "must be a list of schemas",
  holds: "list",
};
const choices: Keyword = { ...list, isInPlace: true };

/**
 * The part of JSON Schema 2020-12 that is judged. `format`, `default` and the like are annotations there; a word that is
 * not in this table would be ignored silently by the standard, and is refused here, since it is a mistyped promise.
 */
export const KEYWORDS: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  [
    "$schema",
    { mistake: (value) => (value === DIALECT ? undefined : `must be ${DIALECT}, or left out`) },
  ],
  [
    "$ref",
    {
      mistake: (value) =>
        typeof value === "string" && /^#(?:\/|$)/.test(value)
          ? undefined
          : "must point into this document, such as #/$defs/address: nothing is loaded from elsewhere",
    },
  ],
  ["$defs", map],
  ["definitions", map],
  ["$comment", text],
  ["title", text],
  ["description", text],
  ["default", anything],
  ["examples", { mistake: (value) => (Array.isArray(value) ? undefined : "must be a list") }],
  ["deprecated", flag],
  ["readOnly", flag],
  ["writeOnly", flag],
  ["format", text],
  ["contentEncoding", text],
  ["contentMediaType", text],
  [
    "type",
    {
      mistake: (value) =>
        typeof value === "string"
          ? TYPES.has(value)
            ? undefined
            : `names no type: ${[...TYPES].join(", ")} are`
          : isListOf(value, (each) => typeof each === "string" && TYPES.has(each))
            ? undefined
            : "must be a type or a list of types",
    },
  ],
  ["enum", { mistake: (value) => (isListOf(value, () => true) ? undefined : "must be a list") }],
  ["const", anything],
  [
    "multipleOf",
    {
      mistake: (value) =>
        Number.isFinite(value) && Number(value) > 0 ? undefined : "must be a number above 0",
    },
  ],
  ["maximum", number],
  ["exclusiveMaximum", number],
  ["minimum", number],
  ["exclusiveMinimum", number],
  ["maxLength", count],
  ["minLength", count],
  ["pattern", text],
  ["maxItems", count],
  ["minItems", count],
  ["uniqueItems", flag],
  ["maxContains", count],
  ["minContains", count],
  ["maxProperties", count],
  ["minProperties", count],
  ["required", names],
  [
    "dependentRequired",
    {
      mistake: (value) =>
        isObject(value) && Object.values(value).every((each) => names.mistake(each) === undefined)
          ? undefined
          : "must be an object of lists of texts",
    },
  ],
  ["items", one],
  ["prefixItems", list],
  ["contains", one],
  ["properties", map],
  ["patternProperties", map],
  ["additionalProperties", one],
  ["propertyNames", one],
  ["allOf", choices],
  ["anyOf", choices],
  ["oneOf", choices],
  ["not", inPlace],
  ["if", inPlace],
  ["then", inPlace],
  ["else", inPlace],
]);

function isListOf(value: unknown, fits: (each: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= 1_000 && value.every(fits);
}
