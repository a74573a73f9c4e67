import { Buffer } from "node:buffer";
import { createHash, createHmac, randomFillSync, timingSafeEqual } from "node:crypto";
import { crc32 as zlibCrc32 } from "node:zlib";

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const POOL_BYTES = 4_096;
const POOLED_BYTES_MAX = 64;
const pool = new Uint8Array(POOL_BYTES);
let poolUsed = POOL_BYTES;

/**
 * Fills the array with bytes from the system's generator. Small arrays are cut from a pool, as `crypto.randomUUID`
 * does: asking the system for each cost a tenth of the time of a request. What was given out is wiped.
 */
export function fillRandom(bytes: Uint8Array): void {
  const { byteLength } = bytes;
  if (byteLength > POOLED_BYTES_MAX) {
    randomFillSync(bytes);
    return;
  }
  if (poolUsed + byteLength > POOL_BYTES) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  const end = poolUsed + byteLength;
  bytes.set(pool.subarray(poolUsed, end));
  pool.fill(0, poolUsed, end);
  poolUsed = end;
}

/** SHA-256 of text (UTF-8) or bytes. */
export function sha256(input: string | Uint8Array): Uint8Array {
  return createHash("sha256").update(input).digest();
}

/** HMAC-SHA-256 (RFC 2104) over the parts one after another. */
export function hmacSha256(
  key: Uint8Array,
  ...parts: readonly (string | Uint8Array)[]
): Uint8Array {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** Compares secrets in a time that tells nothing of where they differ; lengths may be seen. */
export function equalSecrets(left: Uint8Array, right: Uint8Array): boolean {
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}

/** `length` base62 characters drawn without bias; 43 characters carry 256 bits. */
export function randomBase62(length: number, fill: (bytes: Uint8Array) => void): string {
  let text = "";
  const bytes = new Uint8Array(length * 2);
  while (text.length < length) {
    fill(bytes);
    for (const byte of bytes) {
      if (byte < 248 && text.length < length) text += BASE62.charAt(byte % 62);
    }
  }
  return text;
}

/** CRC-32 (ISO-HDLC) of the text as six base62 characters, most significant first. */
export function crc32Base62(text: string): string {
  let value = zlibCrc32(Buffer.from(text));
  let out = "";
  for (let index = 0; index < 6; index += 1) {
    out = BASE62.charAt(value % 62) + out;
    value = Math.floor(value / 62);
  }
  return out;
}
