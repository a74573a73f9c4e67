/** One more step of a JSON pointer (RFC 6901). */
export function below(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** What a pointer leads to, looking at own members only; undefined where it leads nowhere. */
export function follow(document: unknown, pointer: string): unknown {
  let at = document;
  for (const key of stepsOf(pointer)) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[key];
  }
  return at;
}

/** The steps of a pointer, unescaped. */
function stepsOf(pointer: string): readonly string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The pointer in a reference such as `#/components/schemas/a%20b`; undefined when it is not a local one. */
export function localPointer(reference: string): string | undefined {
  if (reference !== "#" && !reference.startsWith("#/")) return undefined;
  try {
    return decodeURIComponent(reference.slice(1));
  } catch {
    // An escape that is no UTF-8 names nothing.
    return undefined;
  }
}
