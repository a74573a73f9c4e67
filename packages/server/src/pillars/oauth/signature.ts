import { Buffer } from "node:buffer";
import { createPublicKey, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";

/** What a verified access token says (RFC 9068), with two claims of ours. */
export interface AccessClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly client_id: string;
  readonly exp: number;
  readonly iat: number;
  readonly jti: string;
  readonly scope: string;
  /** The sign-in that a user's token belongs to; left out of a client's own. */
  readonly grant?: string;
  /** The session that it ends with, where the user did not allow access beyond it. */
  readonly sid?: string;
}

/** Public keys by their ids. */
export type FindKey = (kid: string) => Promise<Readonly<Record<string, unknown>> | undefined>;

const TEXT_MAX = 4_096;

interface Algorithm {
  readonly digest: string | undefined;
  readonly kty: string;
}

/** Of the key, never of the token's own choice: what a token says must be what its key is for. */
const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  ["ES256", { digest: "sha256", kty: "EC" }],
  ["RS256", { digest: "sha256", kty: "RSA" }],
  ["EdDSA", { digest: undefined, kty: "OKP" }],
  ["Ed25519", { digest: undefined, kty: "OKP" }],
]);

/** The claims of a token that one of these keys has signed; undefined for any other text. */
export async function verifySignature(
  text: string,
  findKey: FindKey,
): Promise<AccessClaims | undefined> {
  if (text.length > TEXT_MAX) return undefined;
  const [head, body, signature, ...more] = text.split(".");
  if (head === undefined || body === undefined || signature === undefined || more.length > 0) {
    return undefined;
  }
  const header = readPart(head);
  if (header === undefined || header["typ"] !== "at+jwt" || header["crit"] !== undefined) {
    return undefined;
  }
  const { kid, alg } = header;
  if (typeof kid !== "string" || typeof alg !== "string") return undefined;
  const jwk = await findKey(kid);
  const algorithm = ALGORITHMS.get(alg);
  if (jwk === undefined || algorithm === undefined) return undefined;
  if (jwk["kty"] !== algorithm.kty || (jwk["alg"] ?? alg) !== alg) return undefined;
  const key = createPublicKey({ format: "jwk", key: jwk });
  const isSigned = isSignedBy(key, algorithm, { text: `${head}.${body}`, signature });
  return isSigned ? claimsOf(readPart(body)) : undefined;
}

function isSignedBy(
  key: KeyObject,
  { digest, kty }: Algorithm,
  { text, signature }: { readonly text: string; readonly signature: string },
): boolean {
  const given = kty === "EC" ? { key, dsaEncoding: "ieee-p1363" as const } : key;
  return verify(digest, Buffer.from(text), given, Buffer.from(signature, "base64url"));
}

function claimsOf(body: Readonly<Record<string, unknown>> | undefined): AccessClaims | undefined {
  if (body === undefined) return undefined;
  const { iss, sub, aud, client_id, exp, iat, jti, scope = "", grant, sid } = body;
  const texts = [iss, sub, aud, client_id, jti, scope];
  if (!texts.every((value) => typeof value === "string")) return undefined;
  if (typeof exp !== "number" || typeof iat !== "number") return undefined;
  if (grant !== undefined && typeof grant !== "string") return undefined;
  if (sid !== undefined && typeof sid !== "string") return undefined;
  // Each was looked at above.
  return body as unknown as AccessClaims;
}

/** One part of a token as an object; undefined for what is none. */
export function readPart(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
    return value as Readonly<Record<string, unknown>>;
  } catch {
    // Not JSON: not a token of ours.
    return undefined;
  }
}
