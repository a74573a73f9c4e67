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
