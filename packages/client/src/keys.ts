import { decodeBase64 } from "./base64.ts";
import { WebhookError } from "./errors.ts";

/** A secret ready to verify signatures of one version. */
export interface VerificationKey {
  /** What its signatures begin with: `v1,` or `v1a,`. */
  readonly prefix: string;
  readonly verify: (
    signature: Uint8Array<ArrayBuffer>,
    content: Uint8Array<ArrayBuffer>,
  ) => Promise<boolean>;
}

const SECRET_BYTES_MIN = 16;
const PUBLIC_KEY_BYTES = 32;

/** Reads a secret as the sender shows it. Throws `badSecret`. */
export async function importSecret(secret: string): Promise<VerificationKey> {
  if (secret.startsWith("whpk_")) return await importPublicKey(secret.slice(5));
  const bytes = decodeBase64(secret.startsWith("whsec_") ? secret.slice(6) : secret);
  // An empty key is one that everybody has.
  if (bytes === undefined || bytes.byteLength < SECRET_BYTES_MIN)
    throw new WebhookError("badSecret");
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes, hmac, false, ["verify"]);
  return {
    prefix: "v1,",
    // Compares in a time that tells nothing.
    verify: (signature, content) => crypto.subtle.verify("HMAC", key, signature, content),
  };
}

async function importPublicKey(text: string): Promise<VerificationKey> {
  const bytes = decodeBase64(text);
  if (bytes?.byteLength !== PUBLIC_KEY_BYTES) throw new WebhookError("badSecret");
  const key = await crypto.subtle.importKey("raw", bytes, "Ed25519", false, ["verify"]);
  return {
    prefix: "v1a,",
    verify: (signature, content) => crypto.subtle.verify("Ed25519", key, signature, content),
  };
}
