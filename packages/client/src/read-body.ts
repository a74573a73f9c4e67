import { WebhookError } from "./errors.ts";

/** Collects the bytes of a request, and not more than it may have. Throws `usedBody` and `largeBody`. */
export async function readBody(
  request: Request,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (request.bodyUsed) throw new WebhookError("usedBody");
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = request.body?.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    length += part.value.byteLength;
    if (length > bytesMax) {
      await reader?.cancel();
      throw new WebhookError("largeBody");
    }
    chunks.push(part.value);
  }
  return joined(chunks);
}

/** Bytes of a body that somebody else has read. Throws `parsedBody` and `largeBody`. */
export function bytesOf(body: unknown, bytesMax: number): Uint8Array<ArrayBuffer> {
  const bytes = copied(body);
  if (bytes === undefined) throw new WebhookError("parsedBody");
  if (bytes.byteLength > bytesMax) throw new WebhookError("largeBody");
  return bytes;
}

// A value at run time is whatever a framework has put there.
function copied(body: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (typeof body === "string") return new TextEncoder().encode(body);
  if (body instanceof ArrayBuffer) return new Uint8Array(body);
  return body instanceof Uint8Array ? new Uint8Array(body) : undefined;
}

/** Pieces as one. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.byteLength;
  }
  return whole;
}
