import { toRfc3339 } from "portico/kernel";
import type { Metric } from "./metrics.ts";
import { intervals } from "./query.ts";
import type { Dimension, Group, Groups, IntervalName } from "./query.ts";
import { OTHER } from "./series.ts";
import { Sum } from "./sum.ts";

const LINES_MAX = 50;

/** One line of the answer. */
export interface Line {
  readonly labels: Readonly<Partial<Record<Dimension, string>>>;
  /** Over the whole range. */
  readonly total: number | null;
  readonly requests: number;
  /** Intervals in which there was something, in order. */
  readonly points: readonly { readonly at: string; readonly value: number | null }[];
}

/** How groups are shown. */
export interface Shown {
  readonly metric: Metric;
  readonly interval: IntervalName;
  readonly by: readonly Dimension[];
  /** Of the whole range. */
  readonly seconds: number;
}

/** The groups with the most requests, one line each; all others together in one more. */
export function linesOf(groups: Groups, shown: Shown): readonly Line[] {
  const all = [...groups.values()].map((group) => ({ group, requests: requestsOf(group) }));
  const sorted = all.toSorted((a, b) => b.requests - a.requests).map(({ group }) => group);
  const kept = sorted.slice(0, LINES_MAX);
  const rest = sorted.slice(LINES_MAX);
  if (rest.length > 0) kept.push(together(rest, shown.by));
  return kept.map((group) => lineOf(group, shown));
}

function requestsOf({ points }: Group): number {
  return [...points.values()].reduce((sum, point) => sum + point.count, 0);
}

function together(groups: readonly Group[], by: readonly Dimension[]): Group {
  const points = new Map<number, Sum>();
  for (const group of groups) {
    for (const [at, sum] of group.points) {
      const known = points.get(at) ?? new Sum();
      known.merge(sum);
      points.set(at, known);
    }
  }
  return { labels: Object.fromEntries(by.map((name) => [name, OTHER])), points };
}

function lineOf({ labels, points }: Group, { metric, interval, seconds }: Shown): Line {
  const total = new Sum();
  for (const sum of points.values()) total.merge(sum);
  const sorted = [...points].toSorted(([a], [b]) => a - b);
  return {
    labels,
    total: metric.of(total, seconds),
    requests: total.count,
    points: sorted.map(([at, sum]) => ({
      at: toRfc3339(at),
      value: metric.of(sum, intervals[interval]),
    })),
  };
}
