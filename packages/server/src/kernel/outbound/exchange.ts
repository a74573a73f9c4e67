import { Buffer } from "node:buffer";
import type { Dispatcher, Pool } from "undici";
import type { OutboundReply } from "../contract/index.ts";

/** A request whose parts have been checked. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string | undefined;
  readonly maxBytes: number;
  /** Ends the exchange wherever it is; its reason is what the promise rejects with. */
  readonly signal: AbortSignal;
}

/** A reply as far as it was read. */
export type ExchangeReply = Pick<OutboundReply, "status" | "headers" | "body" | "isTruncated">;

/** Sends one request on a connection of the pool and reads at most `maxBytes` of the reply, then destroys the socket. */
export function exchange(pool: Pool, request: Exchange): Promise<ExchangeReply> {
  return new Promise((resolve, reject) => {
    const reader = new ReplyReader(request.maxBytes, resolve, reject);
    const onAbort = (): void => reader.abort(toError(request.signal.reason));
    if (request.signal.aborted) return onAbort();
    request.signal.addEventListener("abort", onAbort);
    reader.onSettled = () => request.signal.removeEventListener("abort", onAbort);
    const { method, path, headers, body } = request;
    pool.dispatch({ method, path, headers, body: body ?? null }, reader);
  });
}

class ReplyReader implements Dispatcher.DispatchHandler {
  onSettled: () => void = () => {};
  readonly #maxBytes: number;
  readonly #resolve: (reply: ExchangeReply) => void;
  readonly #reject: (error: Error) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #isSettled = false;
  #status = 0;
  #headers: ExchangeReply["headers"] = {};
  readonly #chunks: Buffer[] = [];
  #length = 0;

  constructor(
    maxBytes: number,
    resolve: (reply: ExchangeReply) => void,
    reject: (error: Error) => void,
  ) {
    this.#maxBytes = maxBytes;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It waited in the pool's queue until after its time: it must not be sent any more.
    if (this.#isSettled) controller.abort(calledOff("The request was called off while it waited"));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: ExchangeReply["headers"],
  ): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const room = this.#maxBytes - this.#length;
    const kept = chunk.byteLength > room ? chunk.subarray(0, room) : chunk;
    this.#chunks.push(kept);
    this.#length += kept.byteLength;
    if (chunk.byteLength <= room) return;
    this.#finish(true);
    controller.abort(calledOff("The reply is longer than what is read of it"));
  }

  onResponseEnd(): void {
    this.#finish(false);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  abort(reason: Error): void {
    this.#fail(reason);
    this.#controller?.abort(reason);
  }

  #finish(isTruncated: boolean): void {
    if (this.#isSettled) return;
    this.#settle();
    const body = Buffer.concat(this.#chunks, this.#length);
    this.#resolve({ status: this.#status, headers: this.#headers, body, isTruncated });
  }

  #fail(error: Error): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    this.#isSettled = true;
    this.onSettled();
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : calledOff(String(reason));
}

function calledOff(why: string): Error {
  return new DOMException(why, "AbortError");
}
