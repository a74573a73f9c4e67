import { Buffer } from "node:buffer";
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { fillRandom, sha256 } from "../../base/index.ts";
import { raise } from "./errors.ts";

const KEY_BYTES = 32;

/** Numbered 256-bit keys. New values are sealed with `current`; the others still open old ones. */
export interface Keyring {
  readonly current: number;
  readonly keys: ReadonlyMap<number, Uint8Array>;
}

/** Where the keyring is. */
export type KeyringPlace =
  | {
      readonly file: string;
      /** `ifAbsent` makes a ring with one key when there is no file; `never` refuses. */
      readonly create: "ifAbsent" | "never";
      /** `private` refuses a file that others may read; `mounted` accepts it, as secrets in containers have no better mode. */
      readonly access?: "private" | "mounted";
    }
  | { readonly memory: true };

function newKey(): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  fillRandom(key);
  return key;
}

function keyringText({ current, keys }: Keyring): string {
  const entries = [...keys].map(([number, key]) => [number, Buffer.from(key).toString("base64")]);
  const ring = { version: 1, current, keys: Object.fromEntries(entries) as unknown };
  return `${JSON.stringify(ring, null, 2)}\n`;
}

/** Written whole and synced before it gets its name, so that no start ever meets half a ring. */
function writeRing(file: string, ring: Keyring): void {
  const draft = `${file}.${process.pid}.new`;
  const handle = openSync(draft, "wx", 0o600);
  try {
    writeSync(handle, keyringText(ring));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  try {
    // A link fails where a rename would replace: two first starts cannot overwrite each other's key.
    linkSync(draft, file);
  } finally {
    rmSync(draft);
  }
  const folder = openSync(dirname(file), "r");
  fsyncSync(folder);
  closeSync(folder);
}

function parseKeys(entries: object): Map<number, Uint8Array> {
  const keys = new Map<number, Uint8Array>();
  for (const [number, text] of Object.entries(entries)) {
    const key = new Uint8Array(Buffer.from(String(text), "base64"));
    if (!/^[1-9]\d*$/.test(number) || key.byteLength !== KEY_BYTES) {
      throw new TypeError(`key ${JSON.stringify(number)} is not a numbered key of 32 bytes`);
    }
    keys.set(Number(number), key);
  }
  return keys;
}

function parseRing(text: string): Keyring {
  // JSON.parse tells in its message what it read; that must not get into a log.
  const ring = parseQuietly(text);
  if (typeof ring !== "object" || ring === null || !("keys" in ring) || !("current" in ring)) {
    throw new TypeError("it is not a keyring");
  }
  const keys = parseKeys(Object(ring.keys) as object);
  const current = Number(ring.current);
  if (!keys.has(current)) throw new TypeError(`its current key ${current} is not in it`);
  return { current, keys };
}

function parseQuietly(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    throw new TypeError("it is not JSON");
  }
}

function checkMode(file: string): void {
  const mode = statSync(file).mode & 0o777;
  if (process.platform === "win32" || (mode & 0o077) === 0) return;
  throw raise("secrets.keyringExposed", { params: { file, mode: mode.toString(8) } });
}

function readRing(file: string): Keyring | undefined {
  try {
    return parseRing(readFileSync(file, "utf8"));
  } catch (error) {
    const isAbsent = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (isAbsent) return undefined;
    const why = error instanceof Error ? error.message : String(error);
    throw raise("secrets.keyringUnreadable", { params: { file, why } });
  }
}

/**
 * Opens the installation's keyring, or makes one (mode 0600) with a first key. A ring in memory is for tests and for
 * servers that keep everything in memory.
 *
 * @example
 * const keyring = openKeyring({ file: folder.keyring, create: "ifAbsent" });
 */
export function openKeyring(place: KeyringPlace): Keyring {
  const fresh: Keyring = { current: 1, keys: new Map([[1, newKey()]]) };
  if ("memory" in place) return fresh;
  const { file } = place;
  const there = readRing(file);
  if (there !== undefined) {
    if (place.access !== "mounted") checkMode(file);
    return there;
  }
  if (place.create === "never") throw raise("secrets.keyringMissing", { params: { file } });
  writeRing(file, fresh);
  return fresh;
}

/**
 * What may be shown or stored of each key, to see that two processes hold the same ring: eight hex characters that
 * tell nothing of the key.
 */
export function fingerprints(keyring: Keyring): Readonly<Record<number, string>> {
  const pairs = [...keyring.keys].map(([number, key]) => {
    const digest = sha256(Buffer.concat([Buffer.from("portico/fingerprint\0"), key]));
    return [number, Buffer.from(digest).toString("hex").slice(0, 8)] as const;
  });
  return Object.fromEntries(pairs);
}
