import { Buffer } from "node:buffer";
import { hmacSha256 } from "portico/kernel";
import type { SigningKey } from "./asymmetric.ts";

const PREFIX = "whsec_";

/**
 * A new signing secret in the printed form of Standard Webhooks: `whsec_` and 32 random bytes in base64.
 */
export function newSecret(fillRandom: (bytes: Uint8Array) => void): string {
  const bytes = Buffer.alloc(32);
  fillRandom(bytes);
  return PREFIX + bytes.toString("base64");
}

/** What is signed: one attempt to hand one message over. */
export interface Signable {
  /** The message's id, the same over all attempts. */
  readonly id: string;
  /** Seconds since 1970 of this attempt. */
  readonly timestamp: number;
  readonly body: Uint8Array;
}

/**
 * The value of `webhook-signature` (Standard Webhooks 1.0): for each secret `v1`, HMAC-SHA-256 over `id.timestamp.body`,
 * so that a receiver may hold either while secrets change; with a key also `v1a`, ed25519 over the same bytes. `v1a` never
 * goes alone, since few libraries know it.
 *
 * @example
 * signature({ id: "evt_…", timestamp: 1_614_265_330, body }, ["whsec_…"]); // "v1,g0hM9SsE…"
 */
export function signature(
  { id, timestamp, body }: Signable,
  secrets: readonly string[],
  key?: SigningKey,
): string {
  const head = `${id}.${timestamp}.`;
  const all = secrets.map((secret) => {
    const bytes = Buffer.from(secret.slice(PREFIX.length), "base64");
    return `v1,${Buffer.from(hmacSha256(bytes, head, body)).toString("base64")}`;
  });
  if (key !== undefined) {
    const signed = key.sign(Buffer.concat([Buffer.from(head), body]));
    all.push(`v1a,${Buffer.from(signed).toString("base64")}`);
  }
  return all.join(" ");
}
