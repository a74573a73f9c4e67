import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import { fillRandom } from "../../base/index.ts";
import type { Secrets } from "../contract/index.ts";
import { raise } from "./errors.ts";
import type { Keyring } from "./keyring.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = /^s1\.([1-9]\d{0,8})\.([A-Za-z0-9_-]+)$/;

function deriveKey(key: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", key, "", `portico/${purpose}`, 32));
}

/** JSON, so that no two places read the same: `["a","b"]` is not `["a,b"]`. */
function additionalData(number: number, place: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify([number, ...place]));
}

function openWith(key: Uint8Array, aad: Buffer, body: Buffer): string {
  const nonce = body.subarray(0, NONCE_BYTES);
  const tag = body.subarray(body.byteLength - TAG_BYTES);
  const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(aad);
  decipher.setAuthTag(tag);
  const start = decipher.update(body.subarray(NONCE_BYTES, body.byteLength - TAG_BYTES));
  return Buffer.concat([start, decipher.final()]).toString("utf8");
}

function sealWith(key: Uint8Array, aad: Buffer, plain: string): Buffer {
  const nonce = new Uint8Array(NONCE_BYTES);
  fillRandom(nonce);
  const cipher = createCipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(aad);
  const body = [cipher.update(plain, "utf8"), cipher.final()];
  return Buffer.concat([nonce, ...body, cipher.getAuthTag()]);
}

/** The number of the key that a text was sealed with, or undefined when it is no sealed text. */
export function keyNumberOf(sealed: string): number | undefined {
  const number = SEALED.exec(sealed)?.[1];
  return number === undefined ? undefined : Number(number);
}

/**
 * Sealing under a keyring: AES-256-GCM with a random nonce, written `s1.<key number>.<base64url>`. The place and the key
 * number are authenticated with it. `open` throws `secrets.unknownKey` and `secrets.unopenable`. Derived keys come from
 * the current key, so they change when it does.
 *
 * @example
 * const secrets = createSecrets(openKeyring({ memory: true }));
 * const sealed = secrets.seal("whsec_…", ["default", "webhooks_webhooks", "secret", "webhook_01…"]);
 */
export function createSecrets(keyring: Keyring): Secrets {
  const cache = new Map<string, Uint8Array>();
  const keyFor = (number: number, purpose: string): Uint8Array => {
    const name = `${number}/${purpose}`;
    const known = cache.get(name);
    if (known !== undefined) return known;
    const root = keyring.keys.get(number);
    if (root === undefined) throw raise("secrets.unknownKey", { params: { number } });
    const derived = deriveKey(root, purpose);
    cache.set(name, derived);
    return derived;
  };
  return {
    seal: (plain, place) => {
      const number = keyring.current;
      const body = sealWith(keyFor(number, "seal"), additionalData(number, place), plain);
      return `s1.${number}.${body.toString("base64url")}`;
    },
    open: (sealed, place) => {
      const number = keyNumberOf(sealed);
      const body = Buffer.from(sealed.split(".")[2] ?? "", "base64url");
      if (number === undefined || body.byteLength < NONCE_BYTES + TAG_BYTES) {
        throw raise("secrets.unopenable");
      }
      const key = keyFor(number, "seal");
      try {
        return openWith(key, additionalData(number, place), body);
      } catch (cause) {
        throw raise("secrets.unopenable", { cause });
      }
    },
    // A copy: whoever writes into the bytes must not change the key of all others.
    derive: (purpose) => keyFor(keyring.current, `derive/${purpose}`).slice(),
  };
}
