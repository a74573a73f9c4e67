import type { JsonObject, OpenApiOperation } from "./document.ts";
import { isObject } from "./grammar.ts";
import { resolved, targetOf } from "./references.ts";

/** The parameters of an operation, references followed: its own, and those of its path that it does not replace. */
export function parametersOf(
  document: JsonObject,
  { item, operation }: Pick<OpenApiOperation, "item" | "operation">,
): readonly JsonObject[] {
  const found = new Map<string, JsonObject>();
  for (const list of [item["parameters"], operation["parameters"]]) {
    for (const entry of Array.isArray(list) ? list : []) {
      const parameter = resolved(document, entry);
      if (parameter === undefined) continue;
      // One parameter is its name and its place together (OpenAPI 3.1 §4.8.10).
      found.set(`${String(parameter["in"])} ${String(parameter["name"])}`, parameter);
    }
  }
  return [...found.values()];
}

/** A schema through its reference, as far as looking at its own keywords goes. */
export function schemaOf(document: JsonObject, schema: unknown): JsonObject {
  let at = schema;
  for (let step = 0; step < 16 && isObject(at); step += 1) {
    const { $ref } = at;
    if (typeof $ref !== "string") return at;
    at = targetOf(document, $ref);
  }
  return {};
}
