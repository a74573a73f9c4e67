/** How a call to an upstream failed. */
export type FailureKind =
  | "unreachable"
  | "connectTimeout"
  | "firstByteTimeout"
  | "idleTimeout"
  | "totalTimeout"
  | "closed"
  | "malformed"
  | "busy";

/** A failed call: what kind, and what happened for the operator's eyes. */
export interface Failure {
  readonly kind: FailureKind;
  readonly detail: string;
}

/** The head of an upstream's reply, without the fields that belong to its own connection (RFC 9110 §7.6.1). */
export interface ReplyHead {
  readonly status: number;
  readonly reason: string;
  /** Name, value, name, value, … as they came, duplicates and order kept. */
  readonly headers: string[];
  /** Bytes that follow; -1 when only chunks or the end of the connection tell. */
  readonly contentLength: number;
}

/**
 * One call: what is sent, and who is told of the reply. The connection calls these methods in the order `started`,
 * then any number of `interim`, then `replied`, `received`…, `ended`; or `failed` at any point, once, as the last.
 * Chunks are only valid during the call: whoever keeps one copies it.
 */
export interface Exchange {
  /** Request line and fields with the blank line at their end, in Latin-1. */
  readonly head: string;
  /** True for HEAD: a reply has no body whatever its fields say. */
  readonly isHeadMethod: boolean;
  /** True when it may be sent a second time: an idempotent method without a body. */
  readonly isRepeatable: boolean;
  /** Called when the head was handed to the socket. The body goes out through `link.write`, then `link.finish`. */
  started(link: RequestLink): void;
  /** An informational reply other than 100. */
  interim(head: ReplyHead): void;
  /** The head; `body` holds all of the body when `isWhole`, and then `ended` follows at once. */
  replied(head: ReplyHead, body: Buffer | undefined): void;
  received(chunk: Buffer): void;
  /** The reply is complete. `trailers` is name, value, …. */
  ended(trailers: readonly string[]): void;
  failed(failure: Failure): void;
  /** The socket takes more of the request's body. */
  drained(): void;
}

/** The way from a call back to the connection that carries it. */
export interface RequestLink {
  /** Sends body bytes; false asks to wait for `drained`. */
  write(chunk: Buffer | string): boolean;
  /** The same, framed as a chunk (RFC 9112 §7.1). */
  writeChunk(chunk: Buffer): boolean;
  /** The request's body is complete. Without it the connection is not used again. */
  finish(): void;
  /** Stops reading the reply until `resume`: the receiver is slower than the upstream. */
  pause(): void;
  resume(): void;
  /** The reply is a stream of events that may be quiet for long: no more time limits on this call. */
  endless(): void;
  /** Gives the call up; nothing more is told. */
  abort(): void;
}
