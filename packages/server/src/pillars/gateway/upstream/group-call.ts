import type { Buffer } from "node:buffer";
import type { Outcome } from "./breaker.ts";
import type { Exchange, Failure, ReplyHead, RequestLink, UpstreamTimeouts } from "./exchange.ts";
import type { Target } from "./target.ts";

/** Which failures another target may make good. */
export type RetryOn = "connect" | "closed" | "timeout" | number;

/** What a call asks its group. */
export interface CallOwner {
  readonly monotonic: () => number;
  /** Retries of one call. */
  readonly retriesMax: number;
  readonly retriesOn: ReadonlySet<RetryOn>;
  /** True when the targets want to be called by different names. */
  readonly hasManyHosts: boolean;
  /** The next target, other than those tried where there is one; or why there is none. */
  choose(tried: ReadonlySet<Target>, now: number): Target | Failure;
  /** Takes one retry from the budget, if it holds one. */
  spendRetry(): boolean;
  over(exchange: Exchange): void;
}

/**
 * One call to a group: stands between caller and connection, carries the call to another target as long as that is safe,
 * and tells each target what it learned. Safe: nothing of a reply has been passed on, and the upstream either never got
 * the request or may get it twice.
 */
export class GroupCall implements Exchange, RequestLink {
  readonly #inner: Exchange;
  readonly #owner: CallOwner;
  readonly #startedAt: number;
  readonly #tried = new Set<Target>();
  #target: Target | undefined;
  #link: RequestLink | undefined;
  #timeouts: UpstreamTimeouts;
  #retries = 0;
  #attemptAt = 0;
  #hasReplied = false;
  /** Something of a reply has been passed on. */
  #isShown = false;

  readonly switched?: (head: ReplyHead) => void;

  constructor(inner: Exchange, owner: CallOwner) {
    this.#inner = inner;
    this.#owner = owner;
    this.#timeouts = inner.timeouts;
    this.#startedAt = owner.monotonic();
    if (inner.switched !== undefined) {
      this.switched = (head) => {
        this.#learn("ok");
        this.#isShown = true;
        inner.switched?.(head);
      };
    }
  }

  get head(): string {
    const { head, namesTarget } = this.#inner;
    const host = this.#target?.host;
    if (!this.#owner.hasManyHosts || namesTarget !== true || host === undefined) return head;
    return head.replace(/\r\nHost: [^\r\n]*/, () => `\r\nHost: ${host}`);
  }

  get isHeadMethod(): boolean {
    return this.#inner.isHeadMethod;
  }

  get isRepeatable(): boolean {
    return this.#inner.isRepeatable;
  }

  get timeouts(): UpstreamTimeouts {
    return this.#timeouts;
  }

  /** Sends the call to the first target. */
  begin(): void {
    this.#try(undefined);
  }

  /** The caller left while no connection carried the call. */
  forget(): void {
    const target = this.#target;
    this.#learn("none");
    this.#settle();
    this.#owner.over(this.#inner);
    target?.pool.forget(this);
  }

  #try(failure: Failure | undefined): void {
    const now = this.#owner.monotonic();
    const chosen = this.#owner.choose(this.#tried, now);
    if ("kind" in chosen) {
      this.#owner.over(this.#inner);
      this.#inner.failed(failure ?? chosen);
      return;
    }
    this.#target = chosen;
    this.#tried.add(chosen);
    this.#attemptAt = now;
    this.#link = undefined;
    this.#hasReplied = false;
    chosen.began(now);
    chosen.pool.send(this);
  }

  started(link: RequestLink): void {
    this.#link = link;
    this.#inner.started(this);
  }

  interim(head: ReplyHead): void {
    this.#isShown = true;
    this.#inner.interim(head);
  }

  replied(head: ReplyHead, body: Buffer | undefined): void {
    const { status } = head;
    this.#hasReplied = true;
    this.#learn(status >= 500 ? "failed" : "ok");
    this.#note({ status });
    if (this.#isWorthRetrying(status) && this.#inner.isRepeatable && this.#mayRetry()) {
      this.#link?.abort();
      this.#again(undefined);
      return;
    }
    this.#isShown = true;
    this.#inner.replied(head, body);
  }

  received(chunk: Buffer): void {
    this.#inner.received(chunk);
  }

  ended(trailers: readonly string[]): void {
    this.#settle();
    this.#owner.over(this.#inner);
    this.#inner.ended(trailers);
  }

  failed(failure: Failure): void {
    this.#learn(BLAMELESS.has(failure.kind) ? "none" : "failed");
    if (!this.#hasReplied) this.#note({ failure: failure.kind });
    const isSafe = this.#link === undefined || this.#inner.isRepeatable;
    const on = CAUSES[failure.kind];
    if (on !== undefined && isSafe && this.#isWorthRetrying(on) && this.#mayRetry()) {
      this.#again(failure);
      return;
    }
    this.#settle();
    this.#owner.over(this.#inner);
    this.#inner.failed(failure);
  }

  drained(): void {
    this.#inner.drained();
  }

  #isWorthRetrying(on: RetryOn): boolean {
    return !this.#isShown && this.#owner.retriesOn.has(on);
  }

  #mayRetry(): boolean {
    const { totalMs } = this.#inner.timeouts;
    if (this.#retries >= this.#owner.retriesMax) return false;
    if (totalMs > 0 && this.#owner.monotonic() - this.#startedAt >= totalMs) return false;
    return this.#owner.spendRetry();
  }

  #again(failure: Failure | undefined): void {
    this.#settle();
    this.#retries += 1;
    const { totalMs } = this.#inner.timeouts;
    if (totalMs > 0) {
      // The limit is of the call, not of each attempt.
      const leftMs = totalMs - (this.#owner.monotonic() - this.#startedAt);
      this.#timeouts = { ...this.#timeouts, totalMs: Math.max(1, leftMs) };
    }
    this.#try(failure);
  }

  #learn(outcome: Outcome): void {
    this.#target?.learn(outcome, this.#owner.monotonic());
  }

  #note(end: { readonly status: number } | { readonly failure: string }): void {
    const ms = this.#owner.monotonic() - this.#attemptAt;
    this.#inner.attempted?.({ target: this.#target?.host ?? "", ms, ...end });
  }

  #settle(): void {
    if (this.#target !== undefined) this.#target.inFlight -= 1;
    this.#target = undefined;
  }

  write(chunk: Buffer | string): boolean {
    return this.#link?.write(chunk) ?? false;
  }

  writeChunk(chunk: Buffer): boolean {
    return this.#link?.writeChunk(chunk) ?? false;
  }

  finish(): void {
    this.#link?.finish();
  }

  pause(): void {
    this.#link?.pause();
  }

  resume(): void {
    this.#link?.resume();
  }

  endless(): void {
    this.#link?.endless();
  }

  abort(): void {
    if (!this.#hasReplied && !this.#isShown) this.#learn("none");
    this.#settle();
    this.#owner.over(this.#inner);
    this.#link?.abort();
  }
}

/** Failures that say nothing of the target. */
const BLAMELESS: ReadonlySet<Failure["kind"]> = new Set(["busy", "callerTooSlow", "down"]);

/** What of a group's `retries.on` a failure is. */
const CAUSES: Readonly<Partial<Record<Failure["kind"], RetryOn>>> = {
  unreachable: "connect",
  connectTimeout: "connect",
  busy: "connect",
  closed: "closed",
  firstByteTimeout: "timeout",
};
