import { Buffer } from "node:buffer";
import { sha256 } from "portico/kernel";
import { commonPasswords } from "./generated/common-passwords.ts";

const WORD_BYTES = 4;
let table: Buffer | undefined;

/**
 * Whether a password is among those of the shipped list, whatever its case, and with figures and signs after it
 * (`Password2026!`). The list holds the first 32 bits of SHA-256 of each, sorted: of 200,000 passwords one other is taken for
 * one of them.
 */
export function isCommonPassword(password: string): boolean {
  const plain = password.normalize("NFKC").toLowerCase();
  const bare = plain.replace(/[^\p{L}]{1,12}$/u, "");
  return has(plain) || has(bare);
}

function has(text: string): boolean {
  table ??= Buffer.from(commonPasswords, "base64");
  const wanted = Buffer.from(sha256(text)).readUInt32BE(0);
  let low = 0;
  let high = table.byteLength / WORD_BYTES - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = table.readUInt32BE(middle * WORD_BYTES);
    if (found === wanted) return true;
    if (found < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}
