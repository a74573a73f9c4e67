const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPENERS: ReadonlySet<number> = new Set([0x7b, 0x5b]);
const CLOSERS: ReadonlySet<number> = new Set([0x7d, 0x5d]);
const SPACES: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);
const SCALAR_ENDS: ReadonlySet<number> = new Set([...SPACES, ...CLOSERS, COMMA]);

/**
 * The exact bytes of one member of a JSON object, or undefined when it has no such member. A name given twice means its
 * last value, as `JSON.parse` reads it. The bytes must already have been accepted by a JSON parser: nothing is checked
 * again here.
 *
 * @example
 * memberBytes(Buffer.from('{"data": {"total": 1.0}}'), "data"); // the bytes of {"total": 1.0}
 */
export function memberBytes(json: Uint8Array, name: string): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  let at = skipSpaces(json, 0) + 1;
  for (;;) {
    const keyStart = skipSpaces(json, at);
    if (json[keyStart] !== QUOTE) return found;
    const keyEnd = stringEnd(json, keyStart);
    const start = skipSpaces(json, skipSpaces(json, keyEnd) + 1);
    const end = valueEnd(json, start);
    if (isNamed(json.subarray(keyStart, keyEnd), name)) found = json.subarray(start, end);
    at = skipSpaces(json, end) + 1;
  }
}

/** The exact bytes of every element of a JSON array that a JSON parser has accepted. */
export function elementsBytes(json: Uint8Array): Uint8Array[] {
  const elements: Uint8Array[] = [];
  let at = skipSpaces(json, 0) + 1;
  for (;;) {
    const start = skipSpaces(json, at);
    if (start >= json.length || CLOSERS.has(json[start] ?? 0)) return elements;
    const end = valueEnd(json, start);
    elements.push(json.subarray(start, end));
    at = skipSpaces(json, end) + 1;
  }
}

function skipSpaces(json: Uint8Array, from: number): number {
  let at = from;
  while (SPACES.has(json[at] ?? 0)) at += 1;
  return at;
}

function isNamed(quoted: Uint8Array, name: string): boolean {
  const text = new TextDecoder().decode(quoted);
  // A key may be written with escapes (`"d\u0061ta"`); the parser knows them all.
  return quoted.includes(BACKSLASH) ? JSON.parse(text) === name : text === `"${name}"`;
}

function stringEnd(json: Uint8Array, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = json.indexOf(QUOTE, at);
    if (quote === -1) return json.length;
    let slashes = 0;
    while (json[quote - 1 - slashes] === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function valueEnd(json: Uint8Array, start: number): number {
  const first = json[start] ?? 0;
  if (first === QUOTE) return stringEnd(json, start);
  if (OPENERS.has(first)) return containerEnd(json, start);
  let at = start;
  while (at < json.length && !SCALAR_ENDS.has(json[at] ?? 0)) at += 1;
  return at;
}

function containerEnd(json: Uint8Array, start: number): number {
  let depth = 0;
  let at = start;
  while (at < json.length) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) {
      at = stringEnd(json, at);
      continue;
    }
    if (OPENERS.has(byte)) depth += 1;
    if (CLOSERS.has(byte)) depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return at;
}
