import type { Scope } from "./store.ts";

/** What a statistic is asked for. */
export interface StatisticQuery {
  /** One organization, or the whole installation. */
  readonly scope: Scope;
  /** A whole multiple of `spanMs`, in milliseconds since 1970, UTC. */
  readonly from: number;
  /** The end, which is not counted any more; a whole multiple of `spanMs`. */
  readonly to: number;
  /** An hour or a day: how long each bucket is. */
  readonly spanMs: number;
}

/** How many in one bucket. Buckets without any may be left out. */
export interface StatisticBucket {
  /** When it begins: a whole multiple of the query's `spanMs`. */
  readonly at: number;
  readonly count: number;
}

/** What a plugin has counted. */
export interface StatisticCounts {
  readonly buckets: readonly StatisticBucket[];
  /** Before this time (ms since 1970) rows may have been deleted: what is counted there is what is left. */
  readonly since?: number;
}
