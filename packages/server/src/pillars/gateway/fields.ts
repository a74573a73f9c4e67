/**
 * Header fields as they travel here: name, value, name, value, … with case, order and duplicates kept. `name` in these
 * functions is in lower case.
 */

/** The value of a field; several lines are one list (RFC 9110 §5.3). Undefined when there is none. */
export function fieldOf(fields: readonly string[], name: string): string | undefined {
  let found: string | undefined;
  for (let index = 0; index < fields.length; index += 2) {
    const each = fields[index] ?? "";
    if (each.length !== name.length || each.toLowerCase() !== name) continue;
    const value = fields[index + 1] ?? "";
    found = found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}

/** The fields without those of some names. */
export function withoutFields(fields: readonly string[], names: ReadonlySet<string>): string[] {
  const kept: string[] = [];
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] ?? "";
    if (!names.has(name.toLowerCase())) kept.push(name, fields[index + 1] ?? "");
  }
  return kept;
}

/** The members of a comma-separated list without quoted strings, trimmed, empty ones left out. */
export function listOfWords(value: string | undefined): string[] {
  if (value === undefined) return [];
  return value
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** Adds words to a list field such as `Vary`, keeping what is there; `*` says it all already. */
export function addToList(fields: string[], name: string, words: readonly string[]): void {
  const present = new Set(listOfWords(fieldOf(fields, name.toLowerCase())?.toLowerCase()));
  if (present.has("*")) return;
  const missing = words.filter((each) => !present.has(each.toLowerCase()));
  if (missing.length > 0) fields.push(name, missing.join(", "));
}
