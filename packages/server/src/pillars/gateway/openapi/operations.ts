import { parseTemplate, shapeOf } from "../template.ts";
import { demandOf } from "./auth.ts";
import type { DocumentMistake, JsonObject, OpenApiOperation } from "./document.ts";
import { isObject, METHODS } from "./grammar.ts";
import { below } from "./pointer.ts";
import { resolved } from "./references.ts";
import { toldApart } from "./tell-apart.ts";

/** The operations of a document in 3.1, and what is wrong with them among each other. */
export function operationsOf(document: JsonObject): {
  readonly operations: readonly OpenApiOperation[];
  readonly mistakes: readonly DocumentMistake[];
} {
  const paths = document["paths"];
  const operations: OpenApiOperation[] = [];
  const mistakes: DocumentMistake[] = [];
  for (const [path, entry] of Object.entries(isObject(paths) ? paths : {})) {
    if (!path.startsWith("/")) continue;
    const pointer = below("/paths", path);
    const template = parseTemplate(path);
    if (typeof template === "string" || template.isRest) {
      const why = typeof template === "string" ? template : "has a *, which OpenAPI does not know";
      mistakes.push({ pointer, detail: why });
      continue;
    }
    if (/[?#\s]/.test(path)) {
      mistakes.push({ pointer, detail: "has a query, a fragment or white space, and is no path" });
      continue;
    }
    const item = resolved(document, entry);
    if (item === undefined) continue;
    for (const method of METHODS) {
      const operation = item[method];
      if (!isObject(operation)) continue;
      const place = { path, item, method, pointer: below(pointer, method) };
      operations.push(describe(document, operation, place));
    }
  }
  const apart = toldApart(document, operations);
  return { operations: apart, mistakes: [...mistakes, ...twinIds(apart), ...twinPaths(apart)] };
}

interface Place {
  readonly path: string;
  readonly item: JsonObject;
  readonly method: string;
  readonly pointer: string;
}

function describe(
  document: JsonObject,
  operation: JsonObject,
  { path, item, method, pointer }: Place,
): OpenApiOperation {
  const { operationId, tags } = operation;
  const name = method.toUpperCase();
  return {
    id: typeof operationId === "string" && operationId !== "" ? operationId : `${name} ${path}`,
    method: name,
    path,
    template: path,
    pointer,
    operation,
    item,
    summary: textOf(operation, "summary"),
    description: textOf(operation, "description"),
    tags: Array.isArray(tags) ? tags.filter((tag) => typeof tag === "string") : [],
    isDeprecated: operation["deprecated"] === true,
    ...demandOf(document, operation["security"] ?? document["security"]),
  };
}

function textOf(operation: JsonObject, key: string): string | undefined {
  const value = operation[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function twinIds(operations: readonly OpenApiOperation[]): readonly DocumentMistake[] {
  const seen = new Map<string, OpenApiOperation>();
  return operations.flatMap((each) => {
    const twin = seen.get(each.id);
    seen.set(each.id, twin ?? each);
    if (twin === undefined) return [];
    const detail = `is '${each.id}', as is the one at ${twin.pointer}; each operation has its own`;
    return [{ pointer: `${each.pointer}/operationId`, detail }];
  });
}

/** Two operations that no request can tell apart. */
function twinPaths(operations: readonly OpenApiOperation[]): readonly DocumentMistake[] {
  const seen = new Map<string, OpenApiOperation>();
  return operations.flatMap((each) => {
    const key = `${each.method} ${shapeOf(each.template)}`;
    const twin = seen.get(key);
    seen.set(key, twin ?? each);
    if (twin === undefined) return [];
    const detail = `takes the same paths as ${twin.path}; give the parameter of one of them the format uuid or the type integer`;
    return [{ pointer: each.pointer, detail }];
  });
}
