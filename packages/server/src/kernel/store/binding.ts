import type { DriverStatement } from "./driver.ts";
import { raiseStore } from "./errors.ts";

const COUNTS_MAX = 5_000;
const INTEGER_MIN = -(2n ** 63n);
const INTEGER_MAX = 2n ** 63n - 1n;

/** The dialects differ in how a placeholder is written: `?` or `$1`. */
type Dialect = "sqlite" | "postgres";

const counts: Record<Dialect, Map<string, number>> = { sqlite: new Map(), postgres: new Map() };

/**
 * Refuses what a database would silently turn into something else: a Date, `undefined`, NaN, a boolean, an object, text
 * that is not well-formed Unicode or holds U+0000, and another number of values than the statement has placeholders.
 * Throws `store.badValue`.
 */
export function checkBinding(dialect: Dialect, statement: DriverStatement): void {
  const expected = placeholderCount(dialect, statement.sql);
  const { parameters } = statement;
  if (parameters.length !== expected) {
    throw refuse(`${expected} values expected, got ${parameters.length}`, statement);
  }
  for (let index = 0; index < expected; index += 1) {
    const reason = faultOf(parameters[index]);
    if (reason !== undefined) throw refuse(`value ${index + 1} ${reason}`, statement);
  }
}

function refuse(reason: string, statement: DriverStatement): Error {
  return raiseStore("store.badValue", { params: { reason }, internal: statement.sql });
}

function faultOf(value: unknown): string | undefined {
  switch (typeof value) {
    case "string":
      return faultOfText(value);
    case "number":
      return Number.isFinite(value) ? undefined : `is ${value}, not a finite number`;
    case "bigint":
      return value >= INTEGER_MIN && value <= INTEGER_MAX ? undefined : "is over 64 bits";
    case "object":
      if (value === null || value instanceof Uint8Array) return undefined;
      return `is ${Array.isArray(value) ? "an array" : `an object (${value.constructor?.name ?? "?"})`}`;
    default:
      return `is ${value === undefined ? "undefined" : `a ${typeof value}`}`;
  }
}

function faultOfText(text: string): string | undefined {
  if (!text.isWellFormed()) return "has a lone surrogate (not well-formed Unicode)";
  return text.includes("\0") ? "has the character U+0000" : undefined;
}

function placeholderCount(dialect: Dialect, sql: string): number {
  const known = counts[dialect].get(sql);
  if (known !== undefined) return known;
  const count = countPlaceholders(dialect, sql);
  if (counts[dialect].size >= COUNTS_MAX) counts[dialect].clear();
  counts[dialect].set(sql, count);
  return count;
}

// Quoted text, quoted names and comments may hold `?` and `$1` that are no placeholders.
const SKIPPED = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g;

function countPlaceholders(dialect: Dialect, sql: string): number {
  const bare = sql.replaceAll(SKIPPED, " ");
  if (dialect === "sqlite") return bare.split("?").length - 1;
  let highest = 0;
  for (const match of bare.matchAll(/\$(\d+)/g)) highest = Math.max(highest, Number(match[1]));
  return highest;
}
