import { Buffer } from "node:buffer";
import { hmacSha256 } from "portico/kernel";
import type { PluginContext } from "portico/kernel";

/** How many a person gets at once. */
const CODES = 10;
/** 120 bits: more than the 112 from which on a fast hash may keep them (OWASP ASVS 5, 6.5.2). */
const BYTES = 15;
const GROUP = /.{6}/g;
// Crockford's base 32: without letters that look like digits, or like each other.
const LETTERS = "0123456789abcdefghjkmnpqrstvwxyz";
const FORM = /^[0-9a-hjkmnp-tv-z]{24}$/;

/** New codes as they are shown, once: `9k3m7x-…`, four groups of six. */
export function newRecoveryCodes(fillRandom: (bytes: Uint8Array) => void): readonly string[] {
  return Array.from({ length: CODES }, () => {
    const bytes = new Uint8Array(BYTES);
    fillRandom(bytes);
    return (toBase32(bytes).match(GROUP) ?? []).join("-");
  });
}

/** A code as it was typed, in the one form that is hashed; undefined where it can be none. */
export function readRecoveryCode(typed: string): string | undefined {
  const plain = typed
    .toLowerCase()
    .replaceAll(/[\s-]/g, "")
    .replaceAll(/[il]/g, "1")
    .replaceAll("o", "0");
  return FORM.test(plain) ? plain : undefined;
}

/** What is stored of a code: nobody who has read the database alone can try codes against it. */
export function hashRecoveryCode(code: string, userId: string, ctx: PluginContext): string {
  const key = ctx.secrets.derive("identity.recoveryCodes");
  return Buffer.from(hmacSha256(key, userId, "\0", code)).toString("hex");
}

function toBase32(bytes: Uint8Array): string {
  let value = BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
  let text = "";
  for (let letter = 0; letter < (bytes.length * 8) / 5; letter += 1) {
    text = (LETTERS[Number(value & 31n)] ?? "") + text;
    value >>= 5n;
  }
  return text;
}
