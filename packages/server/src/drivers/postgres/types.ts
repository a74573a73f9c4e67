import { Buffer } from "node:buffer";
import type { CustomTypesConfig } from "pg";
import type { SqlValue } from "../../kernel/index.ts";

const parsers: Readonly<Record<number, (text: string) => SqlValue>> = {
  16: (text) => (text === "t" ? 1 : 0),
  17: parseBytes,
  20: parseInteger,
  21: Number,
  23: Number,
  26: Number,
  700: Number,
  701: Number,
  // Sums of 64-bit integers are numeric.
  1700: (text) => (text.includes(".") || text.includes("N") ? Number(text) : parseInteger(text)),
};

/**
 * The JavaScript types that SQLite gives as well: whole numbers, as bigint beyond the safe range; comparisons as 0 and
 * 1; bytes as Uint8Array; everything else as PostgreSQL writes it.
 */
export const typeParsers: CustomTypesConfig = {
  getTypeParser: ((oid: number) => parsers[oid] ?? keep) as CustomTypesConfig["getTypeParser"],
};

function keep(text: string): string {
  return text;
}

function parseInteger(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

function parseBytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.slice(2), "hex"));
}
