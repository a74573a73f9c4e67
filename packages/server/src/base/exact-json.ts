import { Buffer } from "node:buffer";

interface ExactJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
}
// ES2026 "JSON.parse source text access": Node has it, the compiler's library not yet.
const exactJson = JSON as unknown as ExactJson;

/**
 * Reads JSON to be written again: a number that `JSON.stringify` would write otherwise (`1.0`, `12345678901234567890`)
 * becomes a raw fragment with its own digits. For showing what was stored; to calculate, use `JSON.parse`.
 *
 * @example
 * JSON.stringify(parseExact(Buffer.from('{"total":1.0}'))); // '{"total":1.0}'
 */
export function parseExact(json: Uint8Array): unknown {
  const text = Buffer.from(json.buffer, json.byteOffset, json.byteLength).toString();
  return exactJson.parse(text, (_key, value, { source }) =>
    typeof value === "number" && source !== undefined && String(value) !== source
      ? exactJson.rawJSON(source)
      : value,
  );
}
