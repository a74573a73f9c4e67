import { Buffer, isUtf8 } from "node:buffer";
import { ok, refused, type Result } from "./result.ts";

/** Why a text is not taken as JSON. */
export type JsonRefusal =
  "malformed" | "encoding" | "tooDeep" | "duplicateKey" | "forbiddenKey" | "badText" | "bigNumber";

/** What is wrong, and at which UTF-16 offset of the text. */
export interface JsonFault {
  readonly refusal: JsonRefusal;
  readonly detail: string;
  readonly offset: number;
}

/** What {@link parseJson} lets pass. */
export interface JsonLimits {
  /** Levels of arrays and objects; 64 when left out. */
  readonly depthMax?: number;
  /** Lets numbers pass that JavaScript cannot hold exactly: for callers that keep the bytes. */
  readonly allowBigNumbers?: boolean;
}

/**
 * Reads JSON (RFC 8259) that a stranger sent. Refuses what `JSON.parse` takes silently: a key twice in one object,
 * `__proto__` and `constructor.prototype`, more than 64 levels, invalid UTF-8, a byte order mark, U+0000, lone
 * surrogates, integers beyond ±(2^53 − 1) and numbers that overflow. One linear scan, then `JSON.parse`.
 *
 * @example
 * const parsed = parseJson(`{"a":1,"a":2}`);
 * if (!parsed.ok) console.log(parsed.reason.refusal); // "duplicateKey"
 */
export function parseJson(
  input: string | Uint8Array,
  limits: JsonLimits = {},
): Result<unknown, JsonFault> {
  let text: string;
  if (typeof input === "string") {
    text = input;
  } else {
    if (!isUtf8(input)) return fault("encoding", "The text is not valid UTF-8.", 0);
    text = Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString("utf8");
  }
  if (text.charCodeAt(0) === 0xfe_ff) {
    return fault("encoding", "The text starts with a byte order mark.", 0);
  }
  const found = new Scanner(text, limits).run();
  if (found !== undefined) return refused(found);
  try {
    return ok(JSON.parse(text));
  } catch (error) {
    return fault("malformed", error instanceof Error ? error.message : "The text is not JSON.", 0);
  }
}

function fault(
  refusal: JsonRefusal,
  detail: string,
  offset: number,
): { readonly ok: false; readonly reason: JsonFault } {
  return refused({ refusal, detail, offset });
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const DEPTH_MAX = 64;
/** Below this many keys, comparing with each is faster than a Set. */
const FEW_KEYS = 8;
const NUMBER_END = /[^0-9.eE+-]/g;

interface Level {
  /** Keys so far; undefined in an array. */
  readonly keys: string[] | undefined;
  many: Set<string> | undefined;
  /** The key under which this level hangs in its object. */
  readonly under: string;
}

// A life: the position in one text. Grammar is JSON.parse's business; this finds only what that lets pass.
class Scanner {
  private at = 0;
  private readonly levels: Level[] = [];
  private lastKey = "";
  private readonly text: string;
  private readonly depthMax: number;
  private readonly allowBigNumbers: boolean;

  constructor(text: string, limits: JsonLimits) {
    this.text = text;
    this.depthMax = limits.depthMax ?? DEPTH_MAX;
    this.allowBigNumbers = limits.allowBigNumbers ?? false;
  }

  run(): JsonFault | undefined {
    const { text } = this;
    while (this.at < text.length) {
      const found = this.step(text.charCodeAt(this.at));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private step(code: number): JsonFault | undefined {
    switch (code) {
      case QUOTE:
        return this.string();
      case 0x7b: // {
      case 0x5b: // [
        return this.open(code === 0x7b);
      case 0x7d: // }
      case 0x5d: // ]
        this.levels.pop();
        this.at += 1;
        return undefined;
      default:
        if ((code >= 0x30 && code <= 0x39) || code === 0x2d) return this.number();
        this.at += 1;
        return undefined;
    }
  }

  private open(isObject: boolean): JsonFault | undefined {
    if (this.levels.length >= this.depthMax) {
      return this.fault("tooDeep", `More than ${this.depthMax} levels of arrays and objects.`);
    }
    this.levels.push({ keys: isObject ? [] : undefined, many: undefined, under: this.lastKey });
    this.lastKey = "";
    this.at += 1;
    return undefined;
  }

  private string(): JsonFault | undefined {
    const { text } = this;
    const start = this.at;
    let end = text.indexOf('"', start + 1);
    while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
    if (end === -1) return this.fault("malformed", "A text is not closed.");
    this.at = end + 1;
    const value = this.stringValue(start, end);
    if (value === undefined) {
      this.at = start;
      return this.fault("malformed", "A text holds an escape or a character that JSON has not.");
    }
    if (value.includes("\0") || !value.isWellFormed()) {
      this.at = start;
      return this.fault("badText", "A text holds U+0000 or half of a surrogate pair.");
    }
    const level = this.levels.at(-1);
    return level?.keys !== undefined && this.colonFollows() ? this.key(value, level) : undefined;
  }

  private stringValue(start: number, end: number): string | undefined {
    const raw = this.text.slice(start + 1, end);
    if (!raw.includes("\\")) return raw;
    try {
      return String(JSON.parse(`"${raw}"`));
    } catch {
      // JSON.parse is asked for this one text only; what it says of the whole is not needed.
      return undefined;
    }
  }

  private colonFollows(): boolean {
    let code = this.text.charCodeAt(this.at);
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      this.at += 1;
      code = this.text.charCodeAt(this.at);
    }
    return code === 0x3a;
  }

  private key(key: string, level: Level): JsonFault | undefined {
    if (key === "__proto__" || (key === "prototype" && level.under === "constructor")) {
      return this.fault("forbiddenKey", `The key '${key}' is not taken.`);
    }
    if (hasKey(level, key)) {
      return this.fault("duplicateKey", `The key '${key.slice(0, 100)}' is there twice.`);
    }
    this.lastKey = key;
    return undefined;
  }

  private number(): JsonFault | undefined {
    const start = this.at;
    NUMBER_END.lastIndex = start;
    const end = NUMBER_END.exec(this.text)?.index ?? this.text.length;
    this.at = end;
    // 15 digits always fit; only longer tokens and exponents need a look.
    if (this.allowBigNumbers || end - start <= 3) return undefined;
    const token = this.text.slice(start, end);
    const isInteger = /^-?\d+$/.test(token);
    if (isInteger && end - start <= 15) return undefined;
    const value = Number(token);
    if (Number.isNaN(value)) return undefined;
    if (isInteger ? Number.isSafeInteger(value) : Number.isFinite(value)) return undefined;
    this.at = start;
    return this.fault(
      "bigNumber",
      `The number ${token.slice(0, 40)} cannot be held exactly; send it as text.`,
    );
  }

  private fault(refusal: JsonRefusal, detail: string): JsonFault {
    return { refusal, detail, offset: this.at };
  }
}

function isEscaped(text: string, quote: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(quote - 1 - slashes) === BACKSLASH) slashes += 1;
  return slashes % 2 === 1;
}

/** True when the object has the key already; else remembers it. */
function hasKey(level: Level, key: string): boolean {
  const { keys, many } = level;
  if (keys === undefined) return false;
  if (many !== undefined) {
    const before = many.size;
    return many.add(key).size === before;
  }
  if (keys.includes(key)) return true;
  keys.push(key);
  if (keys.length > FEW_KEYS) level.many = new Set(keys);
  return false;
}

/**
 * The same text for equal values, whatever the order of their keys (as RFC 8785, keys by UTF-16 code units):
 * for fingerprints. `undefined` members are left out.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? sortedCopy(member)
      : member,
  );
}

function sortedCopy(value: object): Record<string, unknown> {
  const entries = Object.entries(value) as readonly (readonly [string, unknown])[];
  return Object.fromEntries(
    entries.toSorted(([left], [right]) => (left < right ? -1 : Number(left > right))),
  );
}
