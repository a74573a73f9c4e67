import type { PluginContext } from "portico/kernel";
import type { InsightTables, RollupRow } from "../tables.ts";
import type { WriteMinutes } from "./counter.ts";
import { Histogram } from "./histogram.ts";
import type { Minute } from "./minute.ts";
import type { Series } from "./series.ts";

const BATCH = 200;
const ACTOR = "insight";
/** Length of a minute's rows in seconds. */
export const MINUTE = 60;

/**
 * Writes minutes as they stand, under this process's name: each time the whole of a series so far takes the place of
 * what was there. So it does not matter how often it is written, and processes never touch each other's rows.
 */
export function minuteWriter(ctx: PluginContext, node: string): WriteMinutes {
  return async (minutes) => {
    const news = minutes.flatMap((minute) =>
      minute.series
        .filter((series) => series.count !== series.written)
        .map((series) => ({ series, count: series.count, row: rowOf(series, minute, node) })),
    );
    for (let start = 0; start < news.length; start += BATCH) {
      const batch = news.slice(start, start + BATCH);
      await writeRows(
        ctx,
        batch.map(({ row }) => row),
      );
      // Only now, and only as far as the row told: counting went on meanwhile.
      for (const { series, count } of batch) series.written = count;
    }
  };
}

function rowOf(series: Series, { at, again }: Minute, node: string): RollupRow {
  const { labels } = series;
  return {
    ...labels,
    span: MINUTE,
    at,
    node: again === 0 ? node : `${node}.${again}`,
    count: series.count,
    errors: series.errors,
    bytes_in: series.bytesIn,
    bytes_out: series.bytesOut,
    duration_us: Math.round(series.durationMs * 1_000),
    gateway_us: Math.round(series.gatewayMs * 1_000),
    upstream_us: Math.round(series.upstreamMs * 1_000),
    durations: series.durations.encode(),
    gateways: series.gateways.encode(),
    upstreams: series.upstreams.total === 0 ? NOTHING : series.upstreams.encode(),
  };
}

const NOTHING = new Histogram().encode();

/** Puts rows in place of those with the same key, in one transaction. */
export async function writeRows(ctx: PluginContext, rows: readonly RollupRow[]): Promise<void> {
  if (rows.length === 0) return;
  const origin = ctx.newOrigin(ACTOR);
  await ctx.store.transaction({ scope: "instance", origin }, async (tx) => {
    await tx
      .db<InsightTables>()
      .insertInto("insight_rollups")
      .values([...rows])
      .onConflict((conflict) =>
        conflict
          .columns([
            "organization",
            "span",
            "at",
            "api",
            "operation",
            "version",
            "credential",
            "status",
            "node",
          ])
          .doUpdateSet((row) => ({
            count: row.ref("excluded.count"),
            errors: row.ref("excluded.errors"),
            bytes_in: row.ref("excluded.bytes_in"),
            bytes_out: row.ref("excluded.bytes_out"),
            duration_us: row.ref("excluded.duration_us"),
            gateway_us: row.ref("excluded.gateway_us"),
            upstream_us: row.ref("excluded.upstream_us"),
            durations: row.ref("excluded.durations"),
            gateways: row.ref("excluded.gateways"),
            upstreams: row.ref("excluded.upstreams"),
          })),
      )
      .execute();
  });
}
