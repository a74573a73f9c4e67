/** The named segments of a path, decoded: `/items/{id}` and `/items/7` make `{ id: "7" }`. */
export function paramsOf(template: string, path: string): Readonly<Record<string, string>> {
  const parts = path.split("/");
  const found = template
    .split("/")
    .flatMap((part, index): readonly (readonly [string, string])[] =>
      part.startsWith("{") ? [[part.slice(1, -1), decode(parts[index] ?? "")]] : [],
    );
  return Object.fromEntries(found);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // Escapes that are no UTF-8 stay as they were sent.
    return part;
  }
}
