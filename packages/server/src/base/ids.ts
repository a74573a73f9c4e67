const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const ID_BYTES = 16;
const ID_PATTERN = /^[a-z][a-z0-9]{0,15}_[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/** Where ids get their time and their chance from, so that tests own both. */
export interface IdSource {
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number;
  /** Fills the array with random bytes. */
  readonly fill: (bytes: Uint8Array) => void;
}

/** Makes ids of one noun: `makeId("key")` → `key_01jd…`. */
export type MakeId = (prefix: string) => string;

/**
 * Returns a maker of TypeIDs: a prefix, `_`, and a UUIDv7 in 26 characters of Crockford base32, lower case
 * (RFC 9562 §5.7, TypeID 0.3). Ids made within one millisecond still sort in the order of their making: the
 * 12 bits after the time count up.
 *
 * @example
 * const makeId = idMaker({ now: Date.now, fill: crypto.getRandomValues });
 * makeId("key"); // "key_01jd3v9k2me8r8v0c2m4t6x8z0"
 */
export function idMaker(source: IdSource): MakeId {
  let lastMs = 0;
  let counter = 0;
  const bytes = new Uint8Array(ID_BYTES);
  return (prefix) => {
    const nowMs = Math.max(source.now(), lastMs);
    source.fill(bytes);
    counter = nowMs === lastMs ? counter + 1 : ((bytes[6] ?? 0) & 0x07) * 256 + (bytes[7] ?? 0);
    if (counter > 0xfff) counter = 0;
    lastMs = counter === 0 && nowMs === lastMs ? nowMs + 1 : nowMs;
    writeTime(bytes, lastMs);
    bytes[6] = 0x70 | (counter >> 8);
    bytes[7] = counter & 0xff;
    bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
    return `${prefix}_${encodeSuffix(bytes)}`;
  };
}

function writeTime(bytes: Uint8Array, ms: number): void {
  let rest = ms;
  for (let index = 5; index >= 0; index -= 1) {
    bytes[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

// Reads the bytes as a stream of bits, led by two zeros: 26 × 5 = 130 bits. By BigInt it took six times as long.
function encodeSuffix(bytes: Uint8Array): string {
  let suffix = "";
  let bits = 0;
  let held = 2;
  for (let index = 0; index < ID_BYTES; index += 1) {
    bits = (bits << 8) | (bytes[index] ?? 0);
    held += 8;
    while (held >= 5) {
      held -= 5;
      suffix += ALPHABET.charAt((bits >> held) & 31);
    }
    bits &= 31;
  }
  return suffix;
}

/**
 * The least id of a noun that may have been made at a time (milliseconds since 1970): since ids sort by their time,
 * rows are found by it without an index of their own.
 *
 * @example
 * idAt("key", 0); // "key_00000000000000000000000000"
 */
export function idAt(prefix: string, ms: number): string {
  const bytes = new Uint8Array(ID_BYTES);
  writeTime(bytes, Math.max(0, Math.floor(ms)));
  return `${prefix}_${encodeSuffix(bytes)}`;
}

/** True for the printed form of an id; with a prefix, only for ids of that noun. */
export function isId(text: string, prefix?: string): boolean {
  return ID_PATTERN.test(text) && (prefix === undefined || text.startsWith(`${prefix}_`));
}

const SLUG_PATTERN = /^[a-z][a-z0-9-]{1,62}$/;

/** True for a slug (design §10.4): lower case, 2–63 characters, cannot look like an id. */
export function isSlug(text: string): boolean {
  return SLUG_PATTERN.test(text);
}
