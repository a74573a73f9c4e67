import { Buffer } from "node:buffer";
import { sign } from "node:crypto";
import type { KeyObject } from "node:crypto";

/** What signs, and by which algorithm of RFC 7518: `ES256`, `RS256`, `EdDSA`. */
export interface JwsKey {
  readonly kid: string;
  readonly algorithm: string;
  readonly privateKey: KeyObject;
}

/**
 * Signs claims as a compact JWS (RFC 7515 §7.1). At once: a token is made within the transaction that opens its session, and
 * there nothing may wait for the thread pool, in which a storm of sign-ins hashes passwords.
 */
export function signCompact(
  claims: Readonly<Record<string, unknown>>,
  type: string,
  { kid, algorithm, privateKey }: JwsKey,
): string {
  const header = encode({ alg: algorithm, typ: type, kid });
  const signed = `${header}.${encode(claims)}`;
  const digest = algorithm === "EdDSA" ? null : "sha256";
  // Two numbers of fixed length (RFC 7518 §3.4), not the DER that other protocols carry; RSA and Ed25519 do not ask.
  const key = { key: privateKey, dsaEncoding: "ieee-p1363" as const };
  return `${signed}.${sign(digest, Buffer.from(signed), key).toString("base64url")}`;
}

function encode(part: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
