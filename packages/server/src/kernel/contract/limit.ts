import type { Caller } from "./caller.ts";
import type { LimitSpec } from "./limit-spec.ts";

/** How one policy stands after a call was looked at (draft-ietf-httpapi-ratelimit-headers-11). */
export interface LimitState {
  readonly allowed: boolean;
  /** The policy's name. */
  readonly policy: string;
  readonly limit: number;
  /** 0 where calls under way are counted. */
  readonly windowMs: number;
  readonly remaining: number;
  /** Milliseconds until the quota is whole (allowed) or the call may be tried again (refused). */
  readonly resetMs: number;
}

/** What a limiter answers: the tightest policy (allowed), or the one that is to be waited for longest (refused). */
export interface LimitDecision extends LimitState {
  /** Every policy that was asked; of one alone this may be left out. */
  readonly states?: readonly LimitState[];
  /** Milliseconds since 1970 when `resetMs` is over; given when `X-RateLimit-*` are to be sent. */
  readonly resetAt?: number;
  /** Given when calls under way are counted: to be called once when this one is over. */
  readonly release?: () => void;
}

/** What is called, made once: an operation, a route of the gateway. Limiters remember it by identity. */
export interface LimitPlace {
  /** The operation's or the route's id. */
  readonly id: string;
  /** The API or plugin it belongs to. */
  readonly api: string;
  readonly limits: readonly LimitSpec[];
}

/** One call to be counted: by the caller's own limits over all places together, and by the place's. */
export interface LimitRequest {
  readonly caller: Caller;
  /** Of the client, as it stands; limiters count IPv6 by its /64. */
  readonly address: string;
  readonly place?: LimitPlace;
  /** Counts as this subject, whomever the policies are per. */
  readonly subject?: string;
  /** Multiplies the cost of the policies; 1 when left out, 0 only looks. */
  readonly cost?: number;
}

/** Counts calls. All policies of a call are taken together or none is. */
export interface Limiter {
  /**
   * Synchronous for windows of up to a minute, which live in memory. A promise when a block of a longer window has to
   * be fetched from the store, or when the call is held back.
   */
  take(request: LimitRequest): LimitDecision | Promise<LimitDecision>;
  /** What is wrong with limits before they are used: bad figures, names that no policy has. Empty when nothing. */
  mistakes?(limits: readonly LimitSpec[]): readonly string[];
}
