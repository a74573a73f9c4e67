import { createPublicKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { Buffer } from "node:buffer";
import { ok, refused } from "portico/kernel";
import type { Result } from "portico/kernel";
import type { SecretForm } from "../providers/index.ts";
import { decode } from "./signatures.ts";

const LENGTH_MIN = 8;
const LENGTH_MAX = 1_024;
const WHSEC = "whsec_";
const WHSEC_BYTES_MIN = 16;
const WHSEC_BYTES_MAX = 128;

/** What signatures are verified with: bytes for an HMAC, a public key for ECDSA. */
export type VerificationKey =
  | { readonly kind: "hmac"; readonly bytes: Uint8Array }
  | { readonly kind: "public"; readonly key: KeyObject };

/** Reads a secret in the form of its provider, or says what is wrong with it. An empty or guessable one is refused. */
export function readSecret(secret: string, form: SecretForm): Result<VerificationKey, string> {
  if (/^\s|\s$/.test(secret)) return refused("it begins or ends with a space or line break");
  if (secret.length < LENGTH_MIN || secret.length > LENGTH_MAX) {
    return refused(`it has ${secret.length} characters; ${LENGTH_MIN} to ${LENGTH_MAX} are taken`);
  }
  switch (form) {
    case "text":
      return ok({ kind: "hmac", bytes: Buffer.from(secret) });
    case "whsec":
      return readWhsec(secret);
    case "spki":
      return readPublicKey(secret);
    case "ed25519":
      return readEd25519(secret);
    default:
      return form satisfies never;
  }
}

function readWhsec(secret: string): Result<VerificationKey, string> {
  const text = secret.startsWith(WHSEC) ? secret.slice(WHSEC.length) : secret;
  const bytes = decode(text, "base64");
  if (bytes === undefined) return refused("it is not `whsec_` and base64");
  if (bytes.byteLength < WHSEC_BYTES_MIN || bytes.byteLength > WHSEC_BYTES_MAX) {
    return refused(
      `it holds ${bytes.byteLength} bytes; ${WHSEC_BYTES_MIN} to ${WHSEC_BYTES_MAX} are taken`,
    );
  }
  return ok({ kind: "hmac", bytes });
}

function readPublicKey(secret: string): Result<VerificationKey, string> {
  const bytes = decode(secret, "base64");
  if (bytes === undefined) return refused("it is not base64");
  try {
    const key = createPublicKey({ key: Buffer.from(bytes), format: "der", type: "spki" });
    if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") return ok({ kind: "public", key });
    return refused("it is not a key of the curve P-256");
  } catch {
    // Whatever OpenSSL says of it, it is none of ours to use.
    return refused("it is not a public key (SPKI in DER)");
  }
}

/** What stands before the 32 bytes in SPKI (RFC 8410 §4). */
const ED25519_SPKI = Buffer.from("302a300506032b6570032100", "hex");

function readEd25519(secret: string): Result<VerificationKey, string> {
  const bytes = decode(secret, "hex");
  if (bytes?.byteLength !== 32) return refused("it is not a public key of 32 bytes in hex");
  const key = Buffer.concat([ED25519_SPKI, bytes]);
  return ok({ kind: "public", key: createPublicKey({ key, format: "der", type: "spki" }) });
}
