import { Buffer } from "node:buffer";
import { connect as connectTcp, isIP } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { allowedLookup } from "./allowed.ts";
import { CallTimer } from "./call-timer.ts";
import type { Exchange, Failure, RequestLink } from "./exchange.ts";
import type { ParsedHead } from "./reply-head.ts";
import type { ReplySink } from "./reply-parser.ts";
import { ReplyParser } from "./reply-parser.ts";

/** Where an upstream listens. */
export interface UpstreamAddress {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  /** Networks in which it must be, where it is a name; anywhere when left out. */
  readonly allow?: readonly string[];
}

/** Whoever owns connections: takes them back, or learns that they are gone. */
export interface ConnectionOwner {
  readonly address: UpstreamAddress;
  readonly monotonic: () => number;
  free(connection: UpstreamConnection): void;
  gone(connection: UpstreamConnection): void;
  /** It carries another protocol from now on, and is nobody else's. */
  switched(connection: UpstreamConnection): void;
  /** A call that the upstream never saw, on a connection it had already closed. */
  repeat(exchange: Exchange): void;
}

/**
 * One buffer for the reads of all connections: a read is handled before the next one begins, and whoever keeps bytes
 * copies them. A buffer of its own for every read costs an allocation of 64 kB each.
 */
const READ_BUFFER = Buffer.allocUnsafeSlow(65_536);

/** One connection to an upstream, with at most one call on it. */
export class UpstreamConnection implements ReplySink, RequestLink {
  readonly socket: Socket;
  /** How long the upstream said it keeps a quiet connection; 0 when it did not. */
  keepAliveMs = 0;
  exchange: Exchange | undefined;
  readonly #owner: ConnectionOwner;
  readonly #parser = new ReplyParser(this);
  readonly #timer = new CallTimer();
  #isReused = false;
  #isKeptAlive = false;
  #hasSwitched = false;

  constructor(owner: ConnectionOwner) {
    this.#owner = owner;
    this.socket = this.#open();
    this.socket.on("drain", () => this.exchange?.drained());
    this.socket.on("error", (error) => this.#lost(error.message));
    this.socket.on("end", () => this.#ended());
    this.socket.on("close", () => this.#lost("the connection closed"));
  }

  #open(): Socket {
    const { host, port, isTls, allow } = this.#owner.address;
    const guard = allow === undefined ? {} : { lookup: allowedLookup(allow) };
    const connected = (): void => {
      this.#timer.isConnecting = false;
      if (this.exchange !== undefined) this.#begin(this.exchange);
    };
    if (isTls) {
      // An address is no server name (RFC 6066 §3); the certificate is then held against the address itself.
      const name = isIP(host) === 0 ? { servername: host } : {};
      const socket = connectTls({ host, port, ...guard, ...name, ALPNProtocols: ["http/1.1"] });
      socket.setNoDelay(true);
      socket.on("secureConnect", connected);
      socket.on("data", (chunk: Buffer) => this.#read(chunk));
      return socket;
    }
    const onread = {
      buffer: READ_BUFFER,
      callback: (bytes: number): boolean => {
        this.#read(bytes === READ_BUFFER.length ? READ_BUFFER : READ_BUFFER.subarray(0, bytes));
        return true;
      },
    };
    const socket = connectTcp({ host, port, ...guard, noDelay: true, keepAlive: true, onread });
    socket.on("connect", connected);
    return socket;
  }

  /** When it became free, or last moved a byte; by the owner's monotonic clock. */
  get movedAt(): number {
    return this.#timer.movedAt;
  }

  /** Puts a call on this connection. */
  carry(exchange: Exchange, isReused: boolean): void {
    this.exchange = exchange;
    this.#isReused = isReused;
    this.#timer.start(this.#owner.monotonic());
    if (!this.#timer.isConnecting) this.#begin(exchange);
  }

  // Not before the connection stands: a call that fails until then was never begun, and may go elsewhere.
  #begin(exchange: Exchange): void {
    this.#timer.movedAt = this.#owner.monotonic();
    this.#parser.begin(exchange.isHeadMethod, exchange.switched !== undefined);
    this.socket.write(exchange.head, "latin1");
    exchange.started(this);
  }

  write(chunk: Buffer | string): boolean {
    this.#timer.sent(chunk.length, this.#owner.monotonic());
    return this.socket.write(chunk);
  }

  writeChunk(chunk: Buffer): boolean {
    this.#timer.sent(chunk.length, this.#owner.monotonic());
    this.socket.cork();
    this.socket.write(`${chunk.length.toString(16)}\r\n`, "latin1");
    this.socket.write(chunk);
    const hasRoom = this.socket.write("\r\n", "latin1");
    this.socket.uncork();
    return hasRoom;
  }

  finish(): void {
    this.#timer.isSent = true;
    this.#timer.movedAt = this.#owner.monotonic();
    if (this.#hasSwitched) this.socket.end();
  }

  pause(): void {
    this.#timer.isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    this.#timer.isPaused = false;
    this.#timer.movedAt = this.#owner.monotonic();
    this.socket.resume();
  }

  endless(): void {
    this.#timer.isEndless = true;
  }

  abort(): void {
    this.exchange = undefined;
    this.close();
  }

  /** Destroys the connection; a call on it has been told already. */
  close(): void {
    this.#parser.stop();
    this.socket.destroy();
  }

  /** Ends the call when one of its time limits has passed. */
  checkTime(now: number): void {
    const { exchange } = this;
    if (exchange === undefined) return;
    const failure = this.#timer.overdue(now, exchange.timeouts, this.socket.writableNeedDrain);
    if (failure !== undefined) this.#fail(failure);
  }

  #read(bytes: Buffer): void {
    this.#timer.movedAt = this.#owner.monotonic();
    if (this.exchange === undefined) {
      // Nobody asked: a reply nobody awaits may be meant for the next caller.
      this.close();
    } else if (this.#hasSwitched) {
      this.exchange.received(bytes);
    } else {
      this.#timer.hasReplied = true;
      this.#parser.feed(bytes);
    }
  }

  onInterim(head: ParsedHead): void {
    if (head.status !== 100) this.exchange?.interim(head);
  }

  onHead(head: ParsedHead, body: Buffer | undefined): void {
    this.#isKeptAlive = head.isKeptAlive;
    this.keepAliveMs = head.keepAliveMs;
    this.exchange?.replied(head, body);
  }

  onChunk(chunk: Buffer): void {
    this.exchange?.received(chunk);
  }

  onSwitched(head: ParsedHead, rest: Buffer): void {
    this.#hasSwitched = true;
    this.#timer.isEndless = true;
    this.#owner.switched(this);
    const { exchange } = this;
    exchange?.switched?.(head);
    if (rest.length > 0) this.exchange?.received(rest);
  }

  onComplete(trailers: readonly string[], isExact: boolean): void {
    const { exchange } = this;
    this.exchange = undefined;
    // A connection is clean only when both messages on it are complete to the byte.
    const isClean = isExact && this.#timer.isSent && this.#isKeptAlive && !this.socket.destroyed;
    // Whoever paused for its last bytes has no reason to resume any more; the next reply would not be read.
    if (this.#timer.isPaused) this.resume();
    if (isClean) this.#owner.free(this);
    else this.close();
    exchange?.ended(trailers);
  }

  onMalformed(detail: string): void {
    this.#fail({ kind: "malformed", detail });
  }

  #ended(): void {
    if (this.#hasSwitched) {
      this.#leave();
      return;
    }
    const how = this.#parser.end();
    if (how === "cut") this.#lost("the upstream closed the connection within its reply");
    else this.close();
  }

  /** The other protocol has ended; what was written goes out before the socket closes. */
  #leave(): void {
    const { exchange } = this;
    this.exchange = undefined;
    exchange?.ended([]);
  }

  #lost(detail: string): void {
    this.#owner.gone(this);
    const { exchange } = this;
    if (exchange === undefined) return;
    if (this.#hasSwitched) {
      this.#leave();
      return;
    }
    if (this.#isReused && !this.#timer.hasReplied && exchange.isRepeatable) {
      // It closed a quiet connection at the moment we wrote to it (RFC 9112 §9.3.1): once more, on a new one.
      this.exchange = undefined;
      this.close();
      this.#owner.repeat(exchange);
      return;
    }
    this.#fail({ kind: this.#timer.isConnecting ? "unreachable" : "closed", detail });
  }

  #fail(failure: Failure): void {
    const { exchange } = this;
    this.exchange = undefined;
    this.close();
    exchange?.failed(failure);
  }
}
