import type { Part, Sum } from "./sum.ts";

/** One thing that can be asked of the counts. */
export interface Metric {
  readonly unit: "requests" | "share" | "bytes" | "ms" | "requests/s";
  /** The histogram it needs, where it needs one. */
  readonly part?: Part;
  /** `seconds` is the length of the interval. Null where there is nothing to tell of. */
  readonly of: (sum: Sum, seconds: number) => number | null;
}

function quantile(part: Part, share: number): Metric {
  return { unit: "ms", part, of: (sum) => rounded(sum.histograms[part]?.quantile(share) ?? null) };
}

function mean(of: (sum: Sum) => number): Metric {
  return {
    unit: "ms",
    of: (sum) => (sum.count === 0 ? null : rounded(of(sum) / sum.count / 1_000)),
  };
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 1_000) / 1_000;
}

/** Times of one part, by the name they are asked for. */
function timesOf<TName extends string>(
  name: TName,
  part: Part,
  sum: (sum: Sum) => number,
): Record<`${TName}.${"p50" | "p95" | "p99" | "mean"}`, Metric> {
  return {
    [`${name}.p50`]: quantile(part, 0.5),
    [`${name}.p95`]: quantile(part, 0.95),
    [`${name}.p99`]: quantile(part, 0.99),
    [`${name}.mean`]: mean(sum),
    // Its keys are the four of the type above.
  } as Record<`${TName}.${"p50" | "p95" | "p99" | "mean"}`, Metric>;
}

/** Everything that can be asked, by name. */
export const metrics = {
  requests: { unit: "requests", of: (sum: Sum) => sum.count },
  rate: { unit: "requests/s", of: (sum: Sum, seconds: number) => sum.count / seconds },
  errors: { unit: "requests", of: (sum: Sum) => sum.errors },
  errorRate: {
    unit: "share",
    of: (sum: Sum) => (sum.count === 0 ? null : sum.errors / sum.count),
  },
  bytesIn: { unit: "bytes", of: (sum: Sum) => sum.bytesIn },
  bytesOut: { unit: "bytes", of: (sum: Sum) => sum.bytesOut },
  ...timesOf("duration", "durations", (sum) => sum.durationUs),
  ...timesOf("gateway", "gateways", (sum) => sum.gatewayUs),
  ...timesOf("upstream", "upstreams", (sum) => sum.upstreamUs),
} as const satisfies Readonly<Record<string, Metric>>;

/** A metric's name. */
export type MetricName = keyof typeof metrics;

/** Every name, in the order in which they are shown. */
export const metricNames = Object.keys(metrics) as readonly MetricName[];
