import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import type { Clock } from "portico/kernel";
import type { Call } from "../call.ts";
import { writeRateLimits } from "../rate-limit-fields.ts";
import type {
  Attempt,
  Exchange,
  Failure,
  ReplyHead,
  RequestLink,
  UpstreamTimeouts,
} from "../upstream/index.ts";
import { Tunnel } from "./tunnel.ts";

/** RFC 6455 §1.3. */
const ACCEPT_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/**
 * A call that asks the upstream to switch. Until it does, and when it does not, it is the plain call that it was made of: a
 * 401 or 404 of the application reaches the caller as any reply.
 */
export class TunnelCall implements Exchange {
  readonly #call: Call;
  readonly #plain: Exchange;
  readonly #clock: Clock;
  #link: RequestLink | undefined;
  #tunnel: Tunnel | undefined;
  #isOver = false;

  constructor(call: Call, plain: Exchange, clock: Clock) {
    this.#call = call;
    this.#plain = plain;
    this.#clock = clock;
  }

  get head(): string {
    return this.#plain.head;
  }

  get isHeadMethod(): boolean {
    return false;
  }

  get isRepeatable(): boolean {
    return this.#plain.isRepeatable;
  }

  get timeouts(): UpstreamTimeouts {
    return this.#plain.timeouts;
  }

  get namesTarget(): boolean {
    return this.#plain.namesTarget === true;
  }

  started(link: RequestLink): void {
    this.#link = link;
    this.#plain.started(link);
  }

  interim(): void {
    // A browser knows no early hints of a WebSocket.
  }

  switched(head: ReplyHead): void {
    const link = this.#link;
    if (link === undefined || this.#isOver) return;
    const { front, decision, notes, route, upgradeHead } = this.#call;
    if (
      valueOf(head, "sec-websocket-accept") !== acceptOf(front.request.headers["sec-websocket-key"])
    ) {
      link.abort();
      this.#plain.failed({
        kind: "malformed",
        detail: "101 without the Sec-WebSocket-Accept of the key",
      });
      return;
    }
    notes.repliedAtMs = this.#clock.monotonic();
    const headers = [...head.headers, "Connection", "Upgrade", "Upgrade", "websocket"];
    headers.push("X-Request-Id", front.requestId);
    if (decision !== undefined) writeRateLimits(headers, decision);
    front.response.writeHead(101, head.reason, headers);
    front.response.flushHeaders();
    const { idleMs } = route.api.webSockets;
    this.#tunnel = new Tunnel({
      socket: front.request.socket,
      link,
      notes,
      idleMs,
      clock: this.#clock,
    });
    this.#tunnel.open(upgradeHead);
  }

  replied(head: ReplyHead, body: Buffer | undefined): void {
    this.#isOver = true;
    this.#plain.replied(head, body);
  }

  received(chunk: Buffer): void {
    if (this.#tunnel === undefined) this.#plain.received(chunk);
    else this.#tunnel.toCaller(chunk);
  }

  ended(trailers: readonly string[]): void {
    if (this.#tunnel === undefined) this.#plain.ended(trailers);
    else this.#tunnel.upstreamEnded();
  }

  failed(failure: Failure): void {
    if (this.#tunnel === undefined) this.#plain.failed(failure);
    else this.#tunnel.cut();
  }

  drained(): void {
    if (this.#tunnel === undefined) this.#plain.drained();
    else this.#tunnel.upstreamDrained();
  }

  attempted(attempt: Attempt): void {
    this.#plain.attempted?.(attempt);
  }

  /** The caller is gone. */
  abandon(): void {
    if (this.#link === undefined) this.#call.route.api.pool.forget(this);
    else this.#link.abort();
  }

  /** The server stops. */
  end(): void {
    if (this.#tunnel === undefined) this.#call.front.request.socket.destroy();
    else this.#tunnel.end();
  }
}

function acceptOf(key: string | readonly string[] | undefined): string {
  return createHash("sha1")
    .update(`${String(key)}${ACCEPT_GUID}`)
    .digest("base64");
}

function valueOf({ headers }: ReplyHead, name: string): string | undefined {
  const at = headers.findIndex((each, index) => index % 2 === 0 && each.toLowerCase() === name);
  return at < 0 ? undefined : headers[at + 1];
}
