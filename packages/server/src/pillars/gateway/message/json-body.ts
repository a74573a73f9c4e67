import { Buffer } from "node:buffer";

/** A body as it was read: JSON, or something that is passed on or refused as it is. */
export type ReadBody =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "none" }
  /** Another media type, or one that is encoded (gzip). */
  | { readonly kind: "other" }
  /** It says JSON, and is not. `reason` is a sentence's end. */
  | { readonly kind: "broken"; readonly reason: string };

interface SourceJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
}
// ES2026 "JSON.parse source text access": Node has it, the compiler's library not yet.
const sourceJson = JSON as unknown as SourceJson;

const JSON_TYPE = /^\s*(?:application\/json|[\w!#$&^.+-]+\/[\w!#$&^.+-]+\+json)\s*(?:;|$)/i;
const DEPTH_MAX = 256;
/** Digits beyond what every double keeps (IEEE 754: 15), or an exponent: only then is a number looked at twice. */
const LONG_NUMBER = /\d(?:\.?\d){15}|\d[eE]/;

/** True for `application/json` and every `+json` type. */
export function isJsonType(contentType: string | undefined): boolean {
  return contentType !== undefined && JSON_TYPE.test(contentType);
}

/** What the fields of a message say about its body. */
export interface BodyFields {
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
}

/**
 * Reads a body for code that will look into it. A number that JavaScript cannot hold (`12345678901234567890`) becomes a
 * `JSON.rawJSON` fragment, which is written again with its own digits.
 */
export function readJsonBody(
  bytes: Buffer,
  { contentType, contentEncoding }: BodyFields,
): ReadBody {
  if (bytes.length === 0) return { kind: "none" };
  const isPlain = contentEncoding === undefined || /^\s*(?:identity)?\s*$/i.test(contentEncoding);
  if (!isPlain || !isJsonType(contentType)) return { kind: "other" };
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (isDeeper(text, DEPTH_MAX)) {
      return { kind: "broken", reason: `is nested deeper than ${DEPTH_MAX}` };
    }
    const value: unknown = LONG_NUMBER.test(text) ? parseLong(text) : JSON.parse(text);
    return { kind: "json", value };
  } catch (error) {
    return { kind: "broken", reason: error instanceof SyntaxError ? "is no JSON" : "is no UTF-8" };
  }
}

function parseLong(text: string): unknown {
  return sourceJson.parse(text, (_key, value, { source }) =>
    typeof value === "number" && source !== undefined && isLossy(value, source)
      ? sourceJson.rawJSON(source)
      : value,
  );
}

/** Compares digits without sign, point, exponent and outer zeros: `1.0` and `1e2` are held, `0.12345678901234567891` is not. */
function isLossy(value: number, source: string): boolean {
  return !Number.isFinite(value) || significant(String(value)) !== significant(source);
}

function significant(text: string): string {
  const [mantissa = ""] = text.toLowerCase().split("e");
  return mantissa.replaceAll(/[.-]/g, "").replace(/^0+/, "").replace(/0+$/, "");
}

/** Brackets inside strings are skipped; a text that is no JSON may be counted wrong and is refused by the parser. */
function isDeeper(text: string, max: number): boolean {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = endOfString(text, index);
    } else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      depth += 1;
      if (depth > max) return true;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) {
      depth -= 1;
    }
  }
  return false;
}
const QUOTE = 0x22;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from + 1);
  while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end < 0 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - 1 - slashes] === "\\") slashes += 1;
  return slashes % 2 === 1;
}

/** Writes a body; undefined for what JSON has no form of (a function, a cycle, a bigint). */
export function writeJsonBody(value: unknown): Buffer | undefined {
  try {
    // `stringify` answers undefined for undefined and functions, whatever its type says.
    const text = JSON.stringify(value) as string | undefined;
    return text === undefined ? undefined : Buffer.from(text.toWellFormed());
  } catch {
    // Cycles and bigints: the caller says whose fault it is.
    return undefined;
  }
}
