import type { PluginContext, StatisticCounts, StatisticQuery } from "portico/kernel";
import { sql } from "kysely";
import type { InsightTables } from "../tables.ts";
import { DAY, HOUR, markOf } from "./compact.ts";
import type { RollupRetention } from "./compact.ts";
import { segmentsOf } from "./query.ts";
import type { Segment } from "./query.ts";

const HOUR_MS = HOUR * 1_000;
const DAY_MS = DAY * 1_000;
/** Parts of a range, so that a long answer does not hold up everybody else's. */
const SLICES = 12;

/** What is summed, and how long its rows are kept. */
export interface RollupSum {
  readonly column: "count" | "errors";
  readonly retention: RollupRetention;
  /** Only of these operations, and of this class of status; of all when left out. */
  readonly only?: { readonly operations: readonly string[]; readonly status: number };
}

/** Sums what was counted of requests by hour or day, for the statistics of the installation. */
export async function countRollups(
  ctx: PluginContext,
  query: StatisticQuery,
  { column, retention, only }: RollupSum,
): Promise<StatisticCounts | undefined> {
  const { from, to, spanMs } = query;
  const isDays = spanMs === DAY_MS;
  const since = ctx.clock.now() - (isDays ? retention.dayDays : retention.hourDays) * DAY_MS;
  const instance = ctx.store.read("instance");
  const marks = { days: await markOf(instance, DAY), hours: await markOf(instance, HOUR) };
  const segments = segmentsOf(isDays ? "day" : "hour", { from, to, ...marks });
  const counts = new Map<number, number>();
  for (const segment of segments.flatMap(sliced)) {
    for (const { bucket, sum } of await sumOf(ctx, query, { segment, column, only })) {
      counts.set(bucket, (counts.get(bucket) ?? 0) + Number(sum));
    }
  }
  return { buckets: [...counts].map(([at, count]) => ({ at, count })), since };
}

function sliced({ span, from, to }: Segment): readonly Segment[] {
  const step = HOUR_MS * Math.max(1, Math.ceil((to - from) / HOUR_MS / SLICES));
  const slices: Segment[] = [];
  for (let start = from; start < to; start += step) {
    slices.push({ span, from: start, to: Math.min(start + step, to) });
  }
  return slices;
}

function sumOf(
  ctx: PluginContext,
  { scope, spanMs }: StatisticQuery,
  {
    segment,
    column,
    only,
  }: Pick<RollupSum, "column"> & {
    readonly segment: Segment;
    readonly only: RollupSum["only"];
  },
): Promise<readonly { readonly bucket: number; readonly sum: unknown }[]> {
  const select = ctx.store
    .read(scope)
    .db<InsightTables>()
    .selectFrom("insight_rollups")
    .select((row) => [sql<number>`at - at % ${spanMs}`.as("bucket"), row.fn.sum(column).as("sum")])
    .where("span", "=", segment.span)
    .where("at", ">=", segment.from)
    .where("at", "<", segment.to)
    .groupBy("bucket");
  if (only === undefined) return select.execute();
  return select
    .where("operation", "in", only.operations)
    .where("status", "=", only.status)
    .execute();
}
