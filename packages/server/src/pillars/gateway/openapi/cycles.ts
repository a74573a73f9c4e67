import type { DocumentMistake, JsonObject } from "./document.ts";
import { eachObject, isObject } from "./grammar.ts";
import { below } from "./pointer.ts";
import { targetOf } from "./references.ts";

const IN_PLACE_LISTS = ["allOf", "anyOf", "oneOf"];
const IN_PLACE = ["not", "if", "then", "else"];

/**
 * Schemas that lead back to themselves for the very same value: `A: { allOf: [{ $ref: A }] }`. A cycle through a property or
 * an item ends with the data; this one never does.
 */
export function lookAtCycles(document: JsonObject): readonly DocumentMistake[] {
  const state = new Map<JsonObject, "open" | "done">();
  const mistakes: DocumentMistake[] = [];
  const visit = (schema: JsonObject, pointer: string): void => {
    const known = state.get(schema);
    if (known === "done") return;
    if (known === "open") {
      mistakes.push({ pointer, detail: "leads back to itself for the same value, without end" });
      return;
    }
    state.set(schema, "open");
    for (const [next, place] of sameValue(document, schema, pointer)) visit(next, place);
    state.set(schema, "done");
  };
  eachObject(document, ({ kind, node, pointer }) => {
    if (kind === "schema" && ("$ref" in node || "allOf" in node)) visit(node, pointer);
  });
  return mistakes;
}

/** The schemas that look at the very value a schema looks at, each with where it is named. */
function sameValue(
  document: JsonObject,
  schema: JsonObject,
  pointer: string,
): readonly (readonly [JsonObject, string])[] {
  const found: (readonly [JsonObject, string])[] = [];
  const add = (value: unknown, place: string): void => {
    if (isObject(value)) found.push([value, place]);
  };
  const { $ref } = schema;
  if (typeof $ref === "string") add(targetOf(document, $ref), below(pointer, "$ref"));
  for (const key of IN_PLACE_LISTS) {
    const list = schema[key];
    if (!Array.isArray(list)) continue;
    for (const [index, each] of list.entries()) add(each, below(below(pointer, key), index));
  }
  for (const key of IN_PLACE) add(schema[key], below(pointer, key));
  const dependent = schema["dependentSchemas"];
  if (isObject(dependent)) {
    for (const [name, each] of Object.entries(dependent)) {
      add(each, below(below(pointer, "dependentSchemas"), name));
    }
  }
  return found;
}
