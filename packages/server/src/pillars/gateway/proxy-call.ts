import { Buffer } from "node:buffer";
import type { Problem } from "portico/kernel";
import type { Call } from "./call.ts";
import { raise } from "./errors.ts";
import { problemOfFailure, refuse } from "./refuse.ts";
import type { RefusalParts } from "./refuse.ts";
import type { Exchange, Failure, ReplyHead, RequestLink } from "./upstream/index.ts";

/** What is sent to the upstream, besides the body. */
export interface UpstreamRequest {
  readonly head: string;
  readonly hasBody: boolean;
  readonly isChunked: boolean;
  readonly expectsContinue: boolean;
  readonly takesTrailers: boolean;
  /** 0 for no limit. */
  readonly bodyBytesMax: number;
}

/** A successful reply that must wait: its event is stored first. */
export interface HeldReply {
  readonly head: ReplyHead;
  readonly body: Buffer;
  readonly trailers: readonly string[];
}

/** What a call needs to go on by itself. */
export interface ProxyParts extends RefusalParts {
  /** Settles when the events of the call are stored; rejects with the problem to answer instead. */
  readonly store: (call: Call, held: HeldReply, requestBody: Buffer | undefined) => Promise<void>;
}

/** Bodies up to this size go out with the head in one write. */
const WHOLE_BYTES_MAX = 16_384;
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** One proxied call: the caller's request out, the upstream's reply back, each at the pace of the slower side. */
export class ProxyCall implements Exchange {
  readonly head: string;
  readonly isHeadMethod: boolean;
  readonly isRepeatable: boolean;
  readonly #parts: ProxyParts;
  readonly #call: Call;
  readonly #request: UpstreamRequest;
  #link: RequestLink | undefined;
  #isSent: boolean;
  #isOver = false;
  #bodyBytes = 0;
  /** Set while the reply waits for its event. */
  #held: { readonly head: ReplyHead; readonly chunks: Buffer[]; bytes: number } | undefined;
  #kept: Buffer[] | undefined;

  constructor(parts: ProxyParts, call: Call, request: UpstreamRequest) {
    const { method = "GET" } = call.front.request;
    this.#parts = parts;
    this.#call = call;
    this.#request = request;
    this.head = request.head;
    this.isHeadMethod = method === "HEAD";
    this.isRepeatable = !request.hasBody && IDEMPOTENT.has(method);
    this.#isSent = !request.hasBody;
    if (call.route.emits.some((rule) => rule.needsRequestBody)) this.#kept = [];
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
    if (this.#isSent) {
      link.finish();
      return;
    }
    const { request, response } = this.#call.front;
    if (this.#request.expectsContinue) response.writeContinue();
    request.on("data", (chunk: Buffer) => this.#send(chunk));
    request.on("end", () => this.#sent());
  }

  #send(chunk: Buffer): void {
    const link = this.#link;
    if (this.#isOver || link === undefined) return;
    this.#bodyBytes += chunk.length;
    const { bodyBytesMax, isChunked } = this.#request;
    if (bodyBytesMax > 0 && this.#bodyBytes > bodyBytesMax) {
      link.abort();
      this.#refuse(raise("gateway.bodyTooLarge", { params: { max: bodyBytesMax } }));
      return;
    }
    this.#kept?.push(chunk);
    const hasRoom = isChunked ? link.writeChunk(chunk) : link.write(chunk);
    if (!hasRoom) this.#call.front.request.pause();
  }

  #sent(): void {
    if (this.#isOver || this.#isSent) return;
    this.#isSent = true;
    if (this.#request.isChunked) this.#link?.write("0\r\n\r\n");
    this.#link?.finish();
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
    if (head.status < 300 && this.#emitsOn(head.status)) {
      this.#held = { head, chunks: [], bytes: 0 };
      if (body !== undefined) this.received(body);
      return;
    }
    this.#writeHead(head);
    const { response } = this.#call.front;
    if (body === undefined) {
      // What is known first is shown first: events, and heads of slow bodies.
      response.flushHeaders();
      if (isEventStream(head)) this.#link?.endless();
      return;
    }
    this.#isOver = true;
    if (body.length === 0) response.end();
    else if (body.length <= WHOLE_BYTES_MAX) response.end(body.toString("latin1"), "latin1");
    else response.end(Buffer.from(body));
    this.#finishRequest();
  }

  #emitsOn(status: number): boolean {
    const { emits } = this.#call.route;
    return emits.some((rule) => rule.status === undefined || rule.status === status);
  }

  #writeHead(head: ReplyHead): void {
    const { front, decision } = this.#call;
    const { headers } = head;
    if (head.status === 204) dropLength(headers);
    headers.push("X-Request-Id", front.requestId);
    if (decision !== undefined) {
      const window = Math.ceil(decision.windowMs / 1_000);
      headers.push("RateLimit-Policy", `"${decision.policy}";q=${decision.limit};w=${window}`);
      const wait = Math.max(0, Math.ceil(decision.resetMs / 1_000));
      headers.push(
        "RateLimit",
        `"${decision.policy}";r=${Math.floor(decision.remaining)};t=${wait}`,
      );
    }
    if (!this.#isSent) front.response.shouldKeepAlive = false;
    front.response.writeHead(head.status, head.reason, headers);
  }

  received(chunk: Buffer): void {
    if (this.#isOver) return;
    if (this.#held !== undefined) {
      this.#hold(chunk);
      return;
    }
    const { response } = this.#call.front;
    if (response.write(Buffer.from(chunk))) return;
    this.#link?.pause();
    response.once("drain", () => this.#link?.resume());
  }

  #hold(chunk: Buffer): void {
    const held = this.#held;
    if (held === undefined) return;
    held.bytes += chunk.length;
    const { emitBodyBytesMax } = this.#call.route.api;
    if (held.bytes > emitBodyBytesMax) {
      this.#link?.abort();
      this.#refuse(raise("gateway.replyTooLarge", { params: { max: emitBodyBytesMax } }));
      return;
    }
    held.chunks.push(Buffer.from(chunk));
  }

  ended(trailers: readonly string[]): void {
    if (this.#isOver) return;
    const held = this.#held;
    this.#isOver = true;
    if (held === undefined) {
      this.#end(trailers);
    } else {
      const reply = { head: held.head, body: Buffer.concat(held.chunks), trailers };
      const requestBody = this.#kept === undefined ? undefined : Buffer.concat(this.#kept);
      this.#parts.store(this.#call, reply, requestBody).then(
        () => this.#release(reply),
        (error: unknown) => this.#notStored(error, reply.head.status),
      );
    }
  }

  #end(trailers: readonly string[]): void {
    const { response } = this.#call.front;
    if (trailers.length > 0 && this.#request.takesTrailers && response.chunkedEncoding) {
      const pairs: [string, string][] = [];
      for (let index = 0; index < trailers.length; index += 2) {
        pairs.push([trailers[index] ?? "", trailers[index + 1] ?? ""]);
      }
      response.addTrailers(pairs);
    }
    response.end();
    this.#finishRequest();
  }

  /** The event is stored: now the caller may know. */
  #release({ head, body }: HeldReply): void {
    const { response } = this.#call.front;
    if (response.destroyed) return;
    this.#writeHead(head);
    if (this.isHeadMethod || body.length === 0) response.end();
    else response.end(body);
    this.#finishRequest();
  }

  #notStored(error: unknown, status: number): void {
    this.#call.code = "gateway.eventNotStored";
    const problem = raise("gateway.eventNotStored", { params: { status }, cause: error });
    this.#parts.logger.error(
      { err: error, requestId: this.#call.front.requestId },
      problem.message,
    );
    refuse(this.#parts, this.#call.front, problem);
    this.#finishRequest();
  }

  failed(failure: Failure): void {
    if (this.#isOver) return;
    const { response } = this.#call.front;
    const problem = problemOfFailure(failure);
    this.#parts.logger.warn(
      { route: this.#call.route.id, failure: failure.kind, detail: failure.detail },
      "an upstream call failed",
    );
    if (!response.headersSent) {
      this.#refuse(problem);
      return;
    }
    // The head is out: only a broken connection tells the caller that the body is not whole.
    this.#isOver = true;
    this.#call.code = problem.code;
    response.destroy();
  }

  #refuse(problem: Problem): void {
    this.#isOver = true;
    this.#call.code = problem.code;
    refuse(this.#parts, this.#call.front, problem);
    this.#finishRequest();
  }

  /** A body that nobody reads any more must not hold its connection open. */
  #finishRequest(): void {
    if (!this.#isSent) this.#call.front.request.resume();
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

/** RFC 9110 §8.6: a 204 has no Content-Length. */
function dropLength(headers: string[]): void {
  const index = headers.findIndex(
    (each, at) => at % 2 === 0 && each.toLowerCase() === "content-length",
  );
  if (index >= 0) headers.splice(index, 2);
}
