import type { DocumentMistake, JsonObject } from "./document.ts";
import { eachObject, isObject, referenceOf } from "./grammar.ts";
import { follow, localPointer } from "./pointer.ts";

const CHAIN_MAX = 64;

/**
 * What a reference leads to, through references that lead on; undefined when it leads nowhere or back to itself. Anchors
 * (`#name`) are those of the component schemas.
 */
function resolve(document: JsonObject, reference: string): JsonObject | undefined {
  let at = reference;
  for (let step = 0; step < CHAIN_MAX; step += 1) {
    const target = targetOf(document, at);
    if (!isObject(target)) return undefined;
    const { $ref } = target;
    if (typeof $ref !== "string") return target;
    at = $ref;
  }
  return undefined;
}

/** The object, or what it refers to. */
export function resolved(document: JsonObject, node: unknown): JsonObject | undefined {
  if (!isObject(node)) return undefined;
  const { $ref } = node;
  return typeof $ref === "string" ? resolve(document, $ref) : node;
}

/** What one reference stands for, references included. */
export function targetOf(document: JsonObject, reference: string): unknown {
  const pointer = localPointer(reference);
  if (pointer !== undefined) return follow(document, pointer);
  return reference.startsWith("#") ? anchored(document, reference.slice(1)) : undefined;
}

function anchored(document: JsonObject, name: string): unknown {
  const schemas = follow(document, "/components/schemas");
  return Object.values(isObject(schemas) ? schemas : {}).find(
    (schema) => isObject(schema) && schema["$anchor"] === name,
  );
}

/** References that lead nowhere, to themselves, or out of the document. */
export function lookAtReferences(document: JsonObject): readonly DocumentMistake[] {
  const mistakes: DocumentMistake[] = [];
  const known = new Map<string, string | undefined>();
  eachObject(document, ({ kind, node, pointer }) => {
    if (kind === "schema" && "$dynamicRef" in node) {
      const detail = "is a dynamic reference, which is not supported; use $ref";
      mistakes.push({ pointer: `${pointer}/$dynamicRef`, detail });
    }
    const reference = referenceOf(kind, node);
    if (reference === undefined) return;
    if (!known.has(reference)) known.set(reference, faultOf(document, reference));
    const detail = known.get(reference);
    if (detail !== undefined) mistakes.push({ pointer: `${pointer}/$ref`, detail });
  });
  return mistakes;
}

function faultOf(document: JsonObject, reference: string): string | undefined {
  if (!reference.startsWith("#")) {
    return `refers to '${reference}', outside the document; allow it with remoteRefs, or bundle the document`;
  }
  const target = targetOf(document, reference);
  if (target === undefined) return `refers to '${reference}', which is not there`;
  if (typeof target === "boolean") return undefined;
  if (!isObject(target)) return `refers to '${reference}', which is no object`;
  return resolve(document, reference) === undefined
    ? `refers to '${reference}', which refers to itself and nothing else`
    : undefined;
}
