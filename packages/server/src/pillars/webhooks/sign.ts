import { Buffer } from "node:buffer";
import { hmacSha256 } from "portico/kernel";

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
 * The value of `webhook-signature` (Standard Webhooks 1.0, v1): HMAC-SHA-256 over `id.timestamp.body`, one signature
 * for each secret, so that a receiver may hold either while secrets change.
 *
 * @example
 * signature({ id: "evt_…", timestamp: 1_614_265_330, body }, ["whsec_…"]); // "v1,g0hM9SsE…"
 */
export function signature({ id, timestamp, body }: Signable, secrets: readonly string[]): string {
  return secrets
    .map((secret) => {
      const key = Buffer.from(secret.slice(PREFIX.length), "base64");
      return `v1,${Buffer.from(hmacSha256(key, `${id}.${timestamp}.`, body)).toString("base64")}`;
    })
    .join(" ");
}
