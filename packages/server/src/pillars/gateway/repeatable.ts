import type { Call } from "./call.ts";

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** True when the upstream may get the call twice: by its method, or since the caller gave it an Idempotency-Key. */
export function isIdempotent({ front, edits }: Call): boolean {
  const { method = "GET", headers } = front.request;
  return IDEMPOTENT.has(edits?.method ?? method) || headers["idempotency-key"] !== undefined;
}
