import { toRfc3339 } from "portico/kernel";
import { raise } from "./errors.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Most buckets of an answer, by interval: a month of hours, a year of days, ten years of months. */
const BUCKETS_MAX = { hour: 744, day: 366, month: 120 } as const;

/** How long buckets are. */
export type Interval = keyof typeof BUCKETS_MAX;

/** A range in whole intervals of UTC. */
export interface Range {
  readonly interval: Interval;
  readonly from: number;
  readonly to: number;
  /** Beginnings of the buckets, in order. */
  readonly starts: readonly number[];
  /** What is asked of plugins: hours for hours, days for the rest. */
  readonly spanMs: number;
}

/** What is asked for; times are milliseconds since 1970. */
export interface Asked {
  readonly interval: Interval;
  readonly from: number | undefined;
  readonly to: number | undefined;
}

/** The range that is answered, widened to whole intervals. Throws `admin.badRange`, `admin.tooManyBuckets`. */
export function rangeOf({ interval, from: since, to: until }: Asked, now: number): Range {
  const end = until ?? now + 1;
  const begin = since ?? usualStart(interval, end);
  if (begin >= end) {
    const params = { from: toRfc3339(begin), to: toRfc3339(end) };
    throw raise("admin.badRange", { params });
  }
  const first = indexOf(interval, begin);
  const last = indexOf(interval, end - 1);
  const buckets = last - first + 1;
  const max = BUCKETS_MAX[interval];
  if (buckets > max) throw raise("admin.tooManyBuckets", { params: { buckets, interval, max } });
  const starts = Array.from({ length: buckets }, (_, at) => startOf(interval, first + at));
  return {
    interval,
    from: startOf(interval, first),
    to: startOf(interval, last + 1),
    starts,
    spanMs: interval === "hour" ? HOUR_MS : DAY_MS,
  };
}

/** Counts by hour or day, put into the buckets of a range; gaps are zeros. */
export function intoBuckets(
  range: Range,
  counted: readonly { readonly at: number; readonly count: number }[],
): readonly number[] {
  const first = indexOf(range.interval, range.from);
  const counts = range.starts.map(() => 0);
  for (const { at, count } of counted) {
    const place = indexOf(range.interval, at) - first;
    const before = counts[place];
    if (before !== undefined) counts[place] = before + count;
  }
  return counts;
}

function usualStart(interval: Interval, end: number): number {
  if (interval === "hour") return end - DAY_MS;
  return end - (interval === "day" ? 30 : 365) * DAY_MS;
}

/** The number of the interval that holds a time, counted from 1970. */
function indexOf(interval: Interval, at: number): number {
  if (interval === "hour") return Math.floor(at / HOUR_MS);
  if (interval === "day") return Math.floor(at / DAY_MS);
  const date = new Date(at);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

function startOf(interval: Interval, index: number): number {
  if (interval === "hour") return index * HOUR_MS;
  return interval === "day" ? index * DAY_MS : Date.UTC(1970, index);
}
