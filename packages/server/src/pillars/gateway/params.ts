import { parseTemplate, readParameters } from "./template.ts";

/** The named parts of a path, decoded: `/items/{id}` and `/items/7` make `{ id: "7" }`. */
export function paramsOf(template: string, path: string): Readonly<Record<string, string>> {
  const read = parseTemplate(template);
  const found = typeof read === "string" ? undefined : readParameters(read, path);
  return Object.fromEntries([...(found ?? [])].map(([name, value]) => [name, decode(value)]));
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Escapes that are no UTF-8 stay as they were sent.
    return part;
  }
}

/** The path below the base path of an API, with its slash. */
export function belowBase(path: string, { basePath }: { readonly basePath: string }): string {
  const rest = basePath === "/" ? path : path.slice(basePath.length);
  return rest === "" ? "/" : rest;
}
