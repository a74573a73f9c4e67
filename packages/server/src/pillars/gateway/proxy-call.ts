import type { Buffer } from "node:buffer";
import type { Problem } from "portico/kernel";
import type { Call, ReplySink } from "./call.ts";
import { raise } from "./errors.ts";
import { bodyLimit } from "./forward.ts";
import { lastChunk } from "./request-trailers.ts";
import { problemOfFailure, refuseCall } from "./refuse.ts";
import type { RefusalParts } from "./refuse.ts";
import { replyOf } from "./reply.ts";
import { isIdempotent } from "./repeatable.ts";
import type {
  Attempt,
  Exchange,
  Failure,
  ReplyHead,
  RequestLink,
  UpstreamTimeouts,
} from "./upstream/index.ts";

/** What a call needs to go on by itself. */
export interface ProxyParts extends RefusalParts {
  readonly monotonic: () => number;
}

/** One proxied call: the caller's request out, the upstream's reply back, each at the pace of the slower side. */
export class ProxyCall implements Exchange {
  readonly head: string;
  readonly isHeadMethod: boolean;
  readonly isRepeatable: boolean;
  readonly namesTarget: boolean;
  readonly timeouts: UpstreamTimeouts;
  readonly #parts: ProxyParts;
  readonly #call: Call;
  #link: RequestLink | undefined;
  #isOver = false;
  /** The head of the reply came without its body: chunks and end follow. */
  #streaming: ReplySink | undefined;

  constructor(parts: ProxyParts, call: Call, head: string) {
    const method = call.edits?.method ?? call.front.request.method ?? "GET";
    this.#parts = parts;
    this.#call = call;
    this.head = head;
    this.isHeadMethod = method === "HEAD";
    this.isRepeatable = call.isRequestSent && isIdempotent(call);
    this.namesTarget = call.route.api.upstreamHost !== undefined;
    this.timeouts = call.route.timeouts;
    if (call.route.keepsRequestBody && call.body === undefined) call.sent = [];
  }

  /** The caller is gone: so is the reason for the call. */
  abandon(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#link === undefined) this.#call.route.api.pool.forget(this);
    else this.#link.abort();
  }

  started(link: RequestLink): void {
    this.#link = link;
    const { body, fields, front, isRequestSent, notes } = this.#call;
    if (isRequestSent) {
      if (body !== undefined && body.length > 0) {
        notes.bytesIn = body.length;
        notes.samples?.request(body);
        link.write(body);
      }
      link.finish();
      return;
    }
    const { request, response } = front;
    if (fields?.expectsContinue === true) response.writeContinue();
    request.on("data", (chunk: Buffer) => this.#send(chunk));
    request.on("end", () => this.#sent());
  }

  #send(chunk: Buffer): void {
    const link = this.#link;
    if (this.#isOver || link === undefined) return;
    const call = this.#call;
    call.notes.bytesIn += chunk.length;
    const bodyBytesMax = bodyLimit(call);
    if (bodyBytesMax > 0 && call.notes.bytesIn > bodyBytesMax) {
      link.abort();
      this.#refuse(raise("gateway.bodyTooLarge", { params: { max: bodyBytesMax } }));
      return;
    }
    call.sent?.push(chunk);
    call.notes.samples?.request(chunk);
    const isChunked = call.fields?.isChunked === true;
    const hasRoom = isChunked ? link.writeChunk(chunk) : link.write(chunk);
    if (!hasRoom) call.front.request.pause();
  }

  #sent(): void {
    if (this.#isOver || this.#call.isRequestSent) return;
    this.#call.isRequestSent = true;
    const { fields, front } = this.#call;
    if (fields?.isChunked === true) this.#link?.write(lastChunk(front.request.rawTrailers));
    this.#link?.finish();
  }

  attempted(attempt: Attempt): void {
    const { notes } = this.#call;
    notes.attempts ??= [];
    notes.attempts.push(attempt);
  }

  drained(): void {
    this.#call.front.request.resume();
  }

  interim(head: ReplyHead): void {
    const { request, response } = this.#call.front;
    // Only 103 says something for a caller, and HTTP/1.0 knows no informational replies (RFC 9110 §15.2).
    if (head.status !== 103 || this.#isOver || request.httpVersionMinor === 0) return;
    const links: string[] = [];
    for (let index = 0; index < head.headers.length; index += 2) {
      const value = head.headers[index + 1] ?? "";
      if (head.headers[index]?.toLowerCase() === "link") links.push(value);
    }
    const isPlain = links.length > 0 && links.every((link) => EARLY_LINK.test(link));
    if (isPlain) response.writeEarlyHints({ link: links });
  }

  replied(head: ReplyHead, body: Buffer | undefined): void {
    if (this.#isOver) return;
    const call = this.#call;
    call.notes.repliedAtMs = this.#parts.monotonic();
    const reply = replyOf(call);
    if (body !== undefined) {
      this.#isOver = true;
      reply.whole(head, body);
      this.#finishRequest();
      return;
    }
    this.#streaming = reply;
    call.resume = () => {
      // After its end the connection is another call's, and so is the reason why that one is paused.
      if (!this.#isOver) this.#link?.resume();
    };
    if (isEventStream(head)) this.#link?.endless();
    reply.head(head);
  }

  received(chunk: Buffer): void {
    if (this.#isOver) return;
    if (this.#streaming?.chunk(chunk) === false) this.#link?.pause();
  }

  ended(trailers: readonly string[]): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#streaming?.end(trailers);
    this.#finishRequest();
  }

  failed(failure: Failure): void {
    if (this.#isOver) return;
    const problem = problemOfFailure(failure);
    this.#parts.logger.warn(
      { route: this.#call.route.id, failure: failure.kind, detail: failure.detail },
      "an upstream call failed",
    );
    if (this.#streaming === undefined && this.#call.rescue?.(problem) === true) {
      this.#isOver = true;
      this.#finishRequest();
      return;
    }
    this.#refuse(problem);
  }

  #refuse(problem: Problem): void {
    this.#isOver = true;
    refuseCall(this.#parts, this.#call, problem);
    this.#finishRequest();
  }

  /** A body that nobody reads any more must not hold its connection open. */
  #finishRequest(): void {
    if (!this.#call.isRequestSent) this.#call.front.request.resume();
  }
}

// What `writeEarlyHints` takes: one link with its parameters.
const EARLY_LINK = /^<[^>\s]*>(?:\s*;\s*[^;"\s=]+(?:=(?:"[^"]*"|[^;"\s]+))?)*$/;

function isEventStream({ headers }: ReplyHead): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] ?? "";
    if (name.length === 12 && name.toLowerCase() === "content-type") {
      return (headers[index + 1] ?? "").toLowerCase().startsWith("text/event-stream");
    }
  }
  return false;
}
