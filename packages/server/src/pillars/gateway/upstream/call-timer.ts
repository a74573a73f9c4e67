import type { Failure, UpstreamTimeouts } from "./exchange.ts";

/** A slow start is no slow body: a caller's first seconds are not held against it. */
const BODY_GRACE_MS = 10_000;

/**
 * Knows how far the call on a connection is, and which of its time limits has passed. What the upstream takes and what
 * its caller takes are told apart: a body that trickles in, or a reply nobody reads, is not the upstream's fault.
 */
export class CallTimer {
  /** When a byte was last moved, by the owner's monotonic clock. */
  movedAt = 0;
  isConnecting = true;
  /** The request is complete. */
  isSent = false;
  hasReplied = false;
  /** The reply is not read, since its receiver is behind. */
  isPaused = false;
  /** A stream of events or a switched protocol: it may be quiet for long. */
  isEndless = false;
  #startedAt = 0;
  #bodyBytes = 0;
  #checkedAt = 0;
  /** How long the caller could have sent: the time of the body without that in which the upstream did not take it. */
  #awaitedMs = 0;

  start(now: number): void {
    this.movedAt = now;
    this.isSent = false;
    this.hasReplied = false;
    this.isPaused = false;
    this.isEndless = false;
    this.#startedAt = now;
    this.#bodyBytes = 0;
    this.#checkedAt = 0;
    this.#awaitedMs = 0;
  }

  sent(bytes: number, now: number): void {
    this.movedAt = now;
    this.#bodyBytes += bytes;
  }

  /** The limit that has passed, if one has. `isBackedUp`: the upstream does not take the bytes it was sent. */
  overdue(now: number, limits: UpstreamTimeouts, isBackedUp: boolean): Failure | undefined {
    const quietMs = now - this.movedAt;
    if (this.isConnecting) return past("connectTimeout", quietMs, limits.connectMs);
    if (this.isEndless) {
      return this.isPaused ? past("callerTooSlow", quietMs, limits.idleMs) : undefined;
    }
    const total = past("totalTimeout", now - this.#startedAt, limits.totalMs);
    if (total !== undefined) return total;
    if (this.hasReplied) {
      return past(this.isPaused ? "callerTooSlow" : "idleTimeout", quietMs, limits.idleMs);
    }
    if (this.isSent) return past("firstByteTimeout", quietMs, limits.firstByteMs);
    if (isBackedUp) {
      this.#checkedAt = now;
      return past("idleTimeout", quietMs, limits.idleMs);
    }
    return past("callerTooSlow", quietMs, limits.idleMs) ?? this.#trickle(now, limits);
  }

  #trickle(now: number, { bodyBytesPerSecondMin }: UpstreamTimeouts): Failure | undefined {
    const since = this.#checkedAt === 0 ? this.#startedAt : this.#checkedAt;
    this.#checkedAt = now;
    this.#awaitedMs += now - since;
    if (bodyBytesPerSecondMin === 0 || this.#awaitedMs < BODY_GRACE_MS) return undefined;
    if (this.#bodyBytes * 1_000 >= bodyBytesPerSecondMin * this.#awaitedMs) return undefined;
    const detail = `${this.#bodyBytes} bytes of the body in ${Math.round(this.#awaitedMs)} ms`;
    return { kind: "callerTooSlow", detail };
  }
}

type Limited =
  "connectTimeout" | "firstByteTimeout" | "idleTimeout" | "totalTimeout" | "callerTooSlow";

function past(kind: Limited, spentMs: number, limitMs: number): Failure | undefined {
  if (limitMs === 0 || spentMs < limitMs) return undefined;
  return { kind, detail: `after ${limitMs} ms` };
}
