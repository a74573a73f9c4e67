/** `/keys/{id}` → `/keys/:id`; a colon of the path's own is doubled. */
export function routerPath(template: string): string {
  return template.replaceAll(":", "::").replaceAll(/\{(\w+)\}/g, ":$1");
}

/** Parts of a path or query as texts; of one that came several times, the last. */
export function textsOf(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, text]) => [
      name,
      String(Array.isArray(text) ? text.at(-1) : text),
    ]),
  );
}
