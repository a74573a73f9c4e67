import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Clock } from "portico/kernel";
import type { CallNotes } from "../notes.ts";
import type { RequestLink } from "../upstream/index.ts";
import { FrameBoundary } from "./frame-boundary.ts";

/** What a tunnel is made of. */
export interface TunnelOptions {
  /** The caller's. */
  readonly socket: Socket;
  readonly link: RequestLink;
  readonly notes: CallNotes;
  readonly idleMs: number;
  readonly clock: Clock;
}

/** Close with 1001, "going away" (RFC 6455 §7.4.1), unmasked as a server sends it. */
const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9]);

/**
 * Bytes both ways between a caller and an upstream that have switched protocols. What one side does not take is not read from
 * the other: a tunnel holds no more than the buffers of its two sockets, however long nobody reads.
 */
export class Tunnel {
  readonly #options: TunnelOptions;
  readonly #boundary = new FrameBoundary();
  #movedAt: number;
  #cancel: () => void = () => undefined;
  #isClosed = false;

  constructor(options: TunnelOptions) {
    this.#options = options;
    this.#movedAt = options.clock.monotonic();
  }

  /** Begins; `head` is what the caller sent with its request. */
  open(head: Uint8Array | undefined): void {
    const { socket, link } = this.#options;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#toUpstream(chunk));
    socket.on("drain", () => link.resume());
    socket.on("end", () => link.finish());
    socket.on("close", () => this.#close());
    if (head !== undefined && head.length > 0) this.#toUpstream(Buffer.from(head));
    this.#watch();
  }

  #toUpstream(chunk: Buffer): void {
    const { socket, link, notes, clock } = this.#options;
    this.#movedAt = clock.monotonic();
    notes.bytesIn += chunk.length;
    if (!link.write(chunk)) socket.pause();
  }

  upstreamDrained(): void {
    this.#options.socket.resume();
  }

  toCaller(chunk: Buffer): void {
    const { socket, link, notes, clock } = this.#options;
    if (this.#isClosed) return;
    this.#movedAt = clock.monotonic();
    notes.bytesOut += chunk.length;
    this.#boundary.take(chunk);
    // The bytes are only lent.
    if (!socket.write(Buffer.from(chunk))) link.pause();
  }

  /** What it sent is still written before the caller's side ends. */
  upstreamEnded(): void {
    this.#options.socket.destroySoon();
  }

  /** Something is wrong: neither side is told more. */
  cut(): void {
    this.#options.socket.destroy();
  }

  /** Ends both sides; the caller is told so where a frame has just ended. */
  end(): void {
    const { socket, link } = this.#options;
    if (this.#isClosed) return;
    link.finish();
    if (this.#boundary.isBetweenFrames) socket.write(GOING_AWAY);
    socket.destroySoon();
  }

  #close(): void {
    this.#isClosed = true;
    this.#cancel();
    this.#options.link.abort();
  }

  #watch(): void {
    const { idleMs, clock } = this.#options;
    if (idleMs === 0) return;
    const quietMs = clock.monotonic() - this.#movedAt;
    this.#cancel = clock.after(Math.max(1, idleMs - quietMs), () => {
      if (clock.monotonic() - this.#movedAt >= idleMs) this.end();
      else this.#watch();
    });
  }
}
