import { Buffer } from "node:buffer";
import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { hmacSha256 } from "portico/kernel";
import type { Secrets } from "portico/kernel";

/** RFC 8410 §7: what stands before the 32 bytes of an ed25519 key in PKCS #8. */
const PKCS8_HEAD = Buffer.from("302e020100300506032b657004220420", "hex");
const KEPT_MAX = 1_000;

/** A public key as receivers find it (RFC 7517, RFC 8037). */
export interface PublicKey {
  readonly kty: "OKP";
  readonly crv: "Ed25519";
  readonly x: string;
  readonly use: "sig";
  readonly alg: "EdDSA";
  readonly kid: string;
}

/** Signs for one organization. */
export interface SigningKey {
  sign(bytes: Uint8Array): Uint8Array;
  readonly publicKey: PublicKey;
}

/** The ed25519 key of 32 bytes (RFC 8032 §5.1.5). */
export function signingKey(seed: Uint8Array): SigningKey {
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, seed]),
    format: "der",
    type: "pkcs8",
  });
  const x = createPublicKey(privateKey).export({ format: "jwk" }).x ?? "";
  // RFC 7638 and RFC 8037 §2: the members in this order and no others.
  const thumbprint = JSON.stringify({ crv: "Ed25519", kty: "OKP", x });
  const kid = createHash("sha256").update(thumbprint).digest("base64url");
  return {
    sign: (bytes) => sign(null, bytes, privateKey),
    publicKey: { kty: "OKP", crv: "Ed25519", x, use: "sig", alg: "EdDSA", kid },
  };
}

/** Keys by organization. */
export type SigningKeys = (organization: string) => SigningKey;

/**
 * Each organization's key, derived from the installation's keyring: every process has the same, none is stored, and
 * asking for one tells nobody whether there is such an organization.
 */
export function signingKeys(secrets: Pick<Secrets, "derive">): SigningKeys {
  // One derived secret for all: the keyring remembers each purpose for ever, and the names of organizations come from
  // whoever asks for a key.
  const root = secrets.derive("webhooks.v1a");
  const kept = new Map<string, SigningKey>();
  return (organization) => {
    const known = kept.get(organization);
    if (known !== undefined) return known;
    const key = signingKey(hmacSha256(root, organization));
    if (kept.size >= KEPT_MAX) kept.clear();
    kept.set(organization, key);
    return key;
  };
}
