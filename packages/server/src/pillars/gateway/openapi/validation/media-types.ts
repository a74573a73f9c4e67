/** How a body of a type is read. */
export type BodyKind = "json" | "form" | "multipart" | "other";

/** A `Content-Type` in its parts (RFC 9110 §8.3.1). */
export interface MediaType {
  /** In lower case, without parameters. */
  readonly essence: string;
  readonly charset: string | undefined;
  readonly boundary: string | undefined;
}

/** Reads a field; undefined for what is no media type. */
export function readMediaType(field: string | undefined): MediaType | undefined {
  const [essence = "", ...parameters] = (field ?? "").split(";");
  const name = essence.trim().toLowerCase();
  if (!/^[\w!#$&^.+-]+\/[\w!#$&^.+*-]+$/.test(name)) return undefined;
  let charset: string | undefined;
  let boundary: string | undefined;
  for (const parameter of parameters) {
    const at = parameter.indexOf("=");
    const key = parameter.slice(0, at).trim().toLowerCase();
    const value = parameter
      .slice(at + 1)
      .trim()
      .replace(/^"(.*)"$/, "$1");
    if (key === "charset") charset ??= value.toLowerCase();
    if (key === "boundary") boundary ??= value;
  }
  return { essence: name, charset, boundary };
}

/** How bodies of a type are read. */
export function kindOfType(essence: string): BodyKind {
  if (essence === "application/json" || essence.endsWith("+json")) return "json";
  if (essence === "application/x-www-form-urlencoded") return "form";
  return essence === "multipart/form-data" ? "multipart" : "other";
}

/** The entry of `content` for a type: the exact one, then `image/*`, then all. Undefined when the type is not taken. */
export function entryFor<TEntry extends { readonly range: string }>(
  entries: readonly TEntry[],
  essence: string,
): TEntry | undefined {
  const family = `${essence.slice(0, essence.indexOf("/"))}/*`;
  return (
    entries.find(({ range }) => range === essence) ??
    entries.find(({ range }) => range === family) ??
    entries.find(({ range }) => range === "*/*")
  );
}
