import { Buffer } from "node:buffer";
import { raise } from "./errors.ts";

const PREFIX = "whsec_";
/** Of a key, as Standard Webhooks ask. */
const BYTES_MIN = 24;
const BYTES_MAX = 64;

/** A signing secret that a caller brings along. Raises `webhooks.badSecret`; what was given is never repeated. */
export function acceptSecret(given: string): string {
  const reason = objectionTo(given);
  if (reason !== undefined) throw raise("webhooks.badSecret", { params: { reason } });
  return given;
}

function objectionTo(given: string): string | undefined {
  if (!given.startsWith(PREFIX)) return `it does not begin with ${PREFIX}.`;
  const encoded = given.slice(PREFIX.length);
  const bytes = Buffer.from(encoded, "base64");
  // Buffer reads past what is no base64: only what it would write itself was whole.
  if (bytes.toString("base64") !== encoded) return "what follows whsec_ is not base64.";
  if (bytes.byteLength < BYTES_MIN || bytes.byteLength > BYTES_MAX)
    return `it holds ${bytes.byteLength} bytes instead of ${BYTES_MIN} to ${BYTES_MAX}.`;
  if (new Set(bytes).size === 1) return "all its bytes are the same.";
  return undefined;
}
