import { Buffer } from "node:buffer";
import type { BodySample, RequestObserver } from "portico/kernel";
import type { ReplySink, ReplyStage, Step } from "./call.ts";

/** How many bytes of each body the observers want of the next call; 0 for none. */
export type BodyBytes = () => number;

/** What the observers ask for together; undefined when none ever asks, so that routes get no step for it. */
export function bodyBytesOf(observers: readonly RequestObserver[]): BodyBytes | undefined {
  const asking = observers.filter((observer) => observer.bodyBytes !== undefined);
  if (asking.length === 0) return undefined;
  return () => asking.reduce((most, each) => Math.max(most, each.bodyBytes?.() ?? 0), 0);
}

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

/** Draws calls whose bodies are kept. Stands before the first step that looks at a body. */
export function sampleStep(bodyBytes: BodyBytes): Step {
  return {
    name: "sample",
    run: (call) => {
      const bytesMax = bodyBytes();
      if (bytesMax > 0) call.notes.samples = new BodySamples(bytesMax);
    },
  };
}

/** Keeps the beginning of the reply as the caller gets it. */
export const sampleStage: ReplyStage = {
  name: "sample",
  wrap: (call, next): ReplySink => {
    const { samples } = call.notes;
    if (samples === undefined) return next;
    return {
      head: (head) => next.head(head),
      chunk: (bytes) => {
        samples.reply(bytes);
        return next.chunk(bytes);
      },
      end: (trailers) => next.end(trailers),
      whole: (head, body) => {
        samples.reply(body);
        next.whole(head, body);
      },
    };
  },
};
