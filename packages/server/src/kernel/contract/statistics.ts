import type { PluginContext } from "./context.ts";
import { point } from "./point.ts";
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

/** One line of the statistics of an installation, counted by the plugin whose rows it is about. */
export interface Statistic {
  /** `keys.created`: the plugin, then what is counted. */
  readonly id: string;
  readonly label: string;
  /** What one of them is called, in the plural: `keys`. */
  readonly unit: string;
  /**
   * Counts by an index, so that the cost is bounded by the range. Undefined where that would still be too much: the line is
   * then left out with a word about it, and all others are answered.
   */
  count(query: StatisticQuery, ctx: PluginContext): Promise<readonly StatisticBucket[] | undefined>;
}
/** `kernel.statistics@1` */
export const Statistics = point<Statistic>("kernel.statistics@1");
