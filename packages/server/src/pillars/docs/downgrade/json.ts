/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** True for an object that is no list. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The same names with changed values; what is no object becomes an empty one. */
export function mapValues(value: unknown, change: (one: unknown, name: string) => unknown): Json {
  if (!isObject(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, change(one, name)]));
}
