import type { SqlValue } from "../contract/index.ts";

/** True when `type` is one of `types`: exact, or a prefix that ends with `*`. */
export function matchesType(types: readonly string[], type: string): boolean {
  return types.some((wanted) =>
    wanted.endsWith("*") ? type.startsWith(wanted.slice(0, -1)) : wanted === type,
  );
}

/** The same as a condition of SQL with its parameters; undefined when every type matches. */
export function typeCondition(
  types: readonly string[] | undefined,
): { readonly sql: string; readonly parameters: readonly SqlValue[] } | undefined {
  if (types === undefined || types.includes("*")) return undefined;
  if (types.length === 0) return { sql: "1 = 0", parameters: [] };
  const exact = types.filter((type) => !type.endsWith("*"));
  const prefixes = types.filter((type) => type.endsWith("*")).map((type) => type.slice(0, -1));
  const parts = prefixes.map((prefix) => `substr(type, 1, ${prefix.length}) = ?`);
  if (exact.length > 0) parts.push(`type in (${exact.map(() => "?").join(", ")})`);
  return { sql: `(${parts.join(" or ")})`, parameters: [...prefixes, ...exact] };
}
