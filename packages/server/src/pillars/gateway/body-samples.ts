import { Buffer } from "node:buffer";
import type { BodySample } from "portico/kernel";

/** The beginnings of a call's two bodies. */
export class BodySamples {
  readonly #bytesMax: number;
  readonly #request: Buffer[] = [];
  readonly #reply: Buffer[] = [];
  #requestBytes = 0;
  #replyBytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Copies what is wanted of a piece of the request's body. */
  request(bytes: Uint8Array): void {
    keep(this.#request, bytes, this.#bytesMax - this.#requestBytes);
    this.#requestBytes += bytes.length;
  }

  /** Copies what is wanted of a piece of the reply's body. */
  reply(bytes: Uint8Array): void {
    keep(this.#reply, bytes, this.#bytesMax - this.#replyBytes);
    this.#replyBytes += bytes.length;
  }

  /** The two samples; undefined for a body of no bytes. */
  taken(types: { readonly request: string; readonly reply: string }): {
    readonly request: BodySample | undefined;
    readonly reply: BodySample | undefined;
  } {
    const max = this.#bytesMax;
    return {
      request: sampleOf(this.#request, types.request, this.#requestBytes > max),
      reply: sampleOf(this.#reply, types.reply, this.#replyBytes > max),
    };
  }
}

function keep(pieces: Buffer[], bytes: Uint8Array, room: number): void {
  if (room > 0 && bytes.length > 0) pieces.push(Buffer.from(bytes.subarray(0, room)));
}

function sampleOf(pieces: readonly Buffer[], type: string, isCut: boolean): BodySample | undefined {
  if (pieces.length === 0) return undefined;
  const [mediaType = ""] = type.toLowerCase().split(";");
  return { mediaType: mediaType.trim(), bytes: Buffer.concat(pieces), isCut };
}
