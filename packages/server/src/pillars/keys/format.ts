import { crc32Base62, randomBase62 } from "portico/kernel";

const PREFIX = "[a-z][a-z0-9]{0,15}";
const ID = "[0-7][0-9a-hjkmnp-tv-z]{25}";
const KEY_PATTERN = new RegExp(`^${PREFIX}_${PREFIX}_(${ID})_[0-9A-Za-z]{43}[0-9A-Za-z]{6}$`);
const CHECKSUM_LENGTH = 6;
/** 43 base62 characters carry 256 bits. */
const SECRET_LENGTH = 43;

/** The words a new key's text begins with, and its id. */
export interface KeyWords {
  readonly prefix: string;
  readonly environment: string;
  /** `key_01jd…` */
  readonly id: string;
}

/**
 * Writes a key: `<prefix>_<environment>_<26 characters of the id>_<43 of secret><6 of CRC-32>`. A double click
 * selects all of it, a scanner tells it from chance by the checksum, and the id finds its row without the secret.
 */
export function writeKey(
  { prefix, environment, id }: KeyWords,
  fill: (bytes: Uint8Array) => void,
): string {
  const text = `${prefix}_${environment}_${id.slice("key_".length)}_${randomBase62(SECRET_LENGTH, fill)}`;
  return text + crc32Base62(text);
}

/** The id inside a key's text; undefined when form or checksum are wrong, so that typing errors cost no look-up. */
export function idInKey(text: string): string | undefined {
  const id = KEY_PATTERN.exec(text)?.[1];
  if (id === undefined) return undefined;
  const end = text.length - CHECKSUM_LENGTH;
  return crc32Base62(text.slice(0, end)) === text.slice(end) ? `key_${id}` : undefined;
}
