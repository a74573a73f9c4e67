import type { Caller } from "./caller.ts";

/** Whose calls are counted together. */
export type LimitPer = "key" | "user" | "organization" | "ip" | "operation" | "api" | "global";

/** One limit in full. Exactly one of `limit` and `concurrency` is given. */
export interface LimitOptions {
  /** Its name in `RateLimit` headers and in `violated-policies`; made of the figures when left out. */
  readonly name?: string;
  /** Calls, or the cost of calls, in one window. */
  readonly limit?: number;
  /** `minute` when left out; a number is milliseconds; `fixed` is a minute that begins with the clock's. */
  readonly window?: "second" | "minute" | "hour" | "day" | "month" | "fixed" | number;
  /** `bucket` refills steadily; `fixed` begins anew with each second, minute, hour, day or month of UTC. */
  readonly algorithm?: "bucket" | "fixed";
  /** Most that a bucket lets through at once; `limit` when left out. */
  readonly burst?: number;
  /** `key` when left out. Whoever has no credential is counted by address. */
  readonly per?: LimitPer;
  /** What one call takes; 1 when left out. */
  readonly cost?: number;
  /** `refuse` when left out; or hold a call back for at most so long, with at most so many waiting. */
  readonly action?: "refuse" | { readonly delayMs: number; readonly queueMax: number };
  /** What happens to calls while the store of long windows is away: `closed` (503) when left out. */
  readonly onStoreFailure?: "open" | "closed";
  /** Calls under way at one time, in each process. */
  readonly concurrency?: number;
}

/**
 * A limit as it is written: requests per minute (`600`), a rate (`"10/s"`), the name of a policy of the installation
 * (`"searches"`), or everything.
 */
export type LimitSpec = number | string | LimitOptions;

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
