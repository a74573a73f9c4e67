/** How a call to an upstream failed. */
export type FailureKind =
  | "unreachable"
  | "connectTimeout"
  | "firstByteTimeout"
  | "idleTimeout"
  | "totalTimeout"
  | "closed"
  | "malformed"
  | "busy"
  /** The caller did not send its body, or did not take the reply: nothing is wrong with the upstream. */
  | "callerTooSlow"
  /** No target of the group may be called. */
  | "down";

/** A failed call: what kind, and what happened for the operator's eyes. */
export interface Failure {
  readonly kind: FailureKind;
  readonly detail: string;
  /** When a new call may fare better, in ms from now; where that is known. */
  readonly retryAfterMs?: number;
}

/** Time limits of one call. All in ms, but for the rate. */
export interface UpstreamTimeouts {
  /** Until a connection stands; also the longest wait for a free one. */
  readonly connectMs: number;
  /** From the last byte of the request to the first of the reply. */
  readonly firstByteMs: number;
  /** Between two bytes of the reply, or of a request that is still being sent. 0: no limit. */
  readonly idleMs: number;
  /** All of it; 0 for no limit. */
  readonly totalMs: number;
  /** What a caller's body must bring in a second, on average after ten of them; 0 for no limit. */
  readonly bodyBytesPerSecondMin: number;
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
 * A call that failed before `started` never reached the upstream. Chunks are only valid during the call: whoever keeps
 * one copies it.
 */
export interface Exchange {
  /** Request line and fields with the blank line at their end, in Latin-1. */
  readonly head: string;
  /** True for HEAD: a reply has no body whatever its fields say. */
  readonly isHeadMethod: boolean;
  /**
   * True when it may be sent a second time: the method is idempotent, or the caller has given it an Idempotency-Key, and
   * there is no body or all of it is at hand. Then `started` may be called again.
   */
  readonly isRepeatable: boolean;
  readonly timeouts: UpstreamTimeouts;
  /** True when `Host` in the head is the upstream's own: each target of a group is then called by its own name. */
  readonly namesTarget?: boolean;
  /** Called when the head was handed to a connected socket. The body goes out through `link.write`, then `link.finish`. */
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
  /**
   * The upstream has switched protocols (101). Only a call that has this method may be answered so. From here on
   * `received` gets bytes of the new protocol, `ended` tells their end, and `link.finish` ends our side.
   */
  switched?(head: ReplyHead): void;
  /** Told of each attempt that a group makes. */
  attempted?(attempt: Attempt): void;
}

/** One attempt of a call to a group: how it ended, or the status that it was answered with. */
export interface Attempt {
  /** Host and port of the target. */
  readonly target: string;
  /** Until its head, or its failure. */
  readonly ms: number;
  readonly status?: number;
  readonly failure?: string;
}

/** Where calls are sent: one upstream's connections, or a group of them. */
export interface Upstream {
  send(exchange: Exchange): void;
  /** The caller left before the call was `started`: nothing more is told of it. */
  forget(exchange: Exchange): void;
  /** Takes what is still sent to it, and closes everything when the last call has ended. */
  drain(): void;
  readonly counts: UpstreamCounts;
}

/** What an upstream holds at this moment. */
export interface UpstreamCounts {
  readonly open: number;
  readonly free: number;
  /** Calls in line for a connection. */
  readonly waiting: number;
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
