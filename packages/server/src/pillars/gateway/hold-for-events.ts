import { Buffer } from "node:buffer";
import type { Call, ReplySink, ReplyStage } from "./call.ts";
import { raise } from "./errors.ts";
import { refuseCall } from "./refuse.ts";
import type { RefusalParts } from "./refuse.ts";
import type { ReplyHead } from "./upstream/index.ts";

/** A successful reply that must wait: its event is stored first. */
export interface HeldReply {
  readonly head: ReplyHead;
  readonly body: Buffer;
}

/** What holding needs. */
export interface HoldParts extends RefusalParts {
  /** Settles when the events of the call are stored; rejects with what went wrong. */
  readonly store: (call: Call, held: HeldReply, requestBody: Buffer | undefined) => Promise<void>;
}

/** Accepted means stored: a reply that makes an event is kept back until that event is in the log (design §2.1). */
export function holdForEvents(parts: HoldParts): ReplyStage {
  return { name: "emit", wrap: (call, next) => new HeldForEvents(parts, call, next) };
}

class HeldForEvents implements ReplySink {
  readonly #parts: HoldParts;
  readonly #call: Call;
  readonly #next: ReplySink;
  #head: ReplyHead | undefined;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(parts: HoldParts, call: Call, next: ReplySink) {
    this.#parts = parts;
    this.#call = call;
    this.#next = next;
  }

  head(head: ReplyHead): void {
    if (this.#makesEvent(head.status)) this.#head = head;
    else this.#next.head(head);
  }

  chunk(bytes: Buffer): boolean {
    if (this.#head === undefined) return this.#next.chunk(bytes);
    this.#bytes += bytes.length;
    const { emitBodyBytesMax } = this.#call.route.api;
    if (this.#bytes > emitBodyBytesMax) {
      this.#call.proxied?.abandon();
      const params = { max: emitBodyBytesMax };
      refuseCall(this.#parts, this.#call, raise("gateway.replyTooLarge", { params }));
    } else {
      this.#chunks.push(Buffer.from(bytes));
    }
    return true;
  }

  end(trailers: readonly string[]): void {
    if (this.#head === undefined) this.#next.end(trailers);
    else this.#store(this.#head, Buffer.concat(this.#chunks));
  }

  whole(head: ReplyHead, body: Buffer): void {
    if (!this.#makesEvent(head.status)) {
      this.#next.whole(head, body);
      return;
    }
    const { emitBodyBytesMax } = this.#call.route.api;
    if (body.length > emitBodyBytesMax) {
      const params = { max: emitBodyBytesMax };
      refuseCall(this.#parts, this.#call, raise("gateway.replyTooLarge", { params }));
      return;
    }
    this.#store(head, Buffer.from(body));
  }

  #makesEvent(status: number): boolean {
    if (status < 200 || status > 299) return false;
    const { emits } = this.#call.route;
    return emits.some((rule) => rule.status === undefined || rule.status === status);
  }

  #store(head: ReplyHead, body: Buffer): void {
    const { sent, body: known } = this.#call;
    const requestBody = known ?? (sent === undefined ? undefined : Buffer.concat(sent));
    this.#parts.store(this.#call, { head, body }, requestBody).then(
      () => this.#next.whole(head, body),
      (error: unknown) => this.#notStored(error, head.status),
    );
  }

  #notStored(error: unknown, status: number): void {
    const problem = raise("gateway.eventNotStored", { params: { status }, cause: error });
    const { requestId } = this.#call.front;
    this.#parts.logger.error({ err: error, requestId }, problem.message);
    refuseCall(this.#parts, this.#call, problem);
  }
}
