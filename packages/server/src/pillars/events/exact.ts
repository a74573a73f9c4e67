const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;

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
    if (isNamed(json, [keyStart, keyEnd], name)) found = json.subarray(start, end);
    at = skipSpaces(json, end) + 1;
  }
}

/** The exact bytes of every element of a JSON array that a JSON parser has accepted. */
export function elementsBytes(json: Uint8Array): Uint8Array[] {
  const elements: Uint8Array[] = [];
  let at = skipSpaces(json, 0) + 1;
  for (;;) {
    const start = skipSpaces(json, at);
    if (start >= json.length || isCloser(json[start])) return elements;
    const end = valueEnd(json, start);
    elements.push(json.subarray(start, end));
    at = skipSpaces(json, end) + 1;
  }
}

// Every byte of every event passes here: plain comparisons of bytes took a third of the time of sets and decoded keys.
function isOpener(byte: number | undefined): boolean {
  return byte === 0x7b || byte === 0x5b;
}

function isCloser(byte: number | undefined): boolean {
  return byte === 0x7d || byte === 0x5d;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function skipSpaces(json: Uint8Array, from: number): number {
  let at = from;
  while (isSpace(json[at])) at += 1;
  return at;
}

/** Whether the key between its quotes is the name, which is plain ASCII. */
function isNamed(json: Uint8Array, [start, end]: readonly [number, number], name: string): boolean {
  // A key may be written with escapes (`"d\u0061ta"`); the parser knows them all.
  for (let at = start; at < end; at += 1) {
    if (json[at] === BACKSLASH) {
      return JSON.parse(new TextDecoder().decode(json.subarray(start, end))) === name;
    }
  }
  if (end - start - 2 !== name.length) return false;
  for (let index = 0; index < name.length; index += 1) {
    if (json[start + 1 + index] !== name.charCodeAt(index)) return false;
  }
  return true;
}

function stringEnd(json: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return Math.min(at + 1, json.length);
}

function valueEnd(json: Uint8Array, start: number): number {
  const first = json[start];
  if (first === QUOTE) return stringEnd(json, start);
  if (isOpener(first)) return containerEnd(json, start);
  let at = start;
  while (at < json.length && !isSpace(json[at]) && !isCloser(json[at]) && json[at] !== COMMA) {
    at += 1;
  }
  return at;
}

function containerEnd(json: Uint8Array, start: number): number {
  let depth = 0;
  let at = start;
  while (at < json.length) {
    const byte = json[at];
    if (byte === QUOTE) {
      at = stringEnd(json, at);
      continue;
    }
    if (isOpener(byte)) depth += 1;
    if (isCloser(byte)) depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
  return at;
}
