import type { PluginContext, Read } from "portico/kernel";
import type { InsightTables, RollupRow } from "../tables.ts";
import { Sum } from "./sum.ts";
import { MINUTE, writeRows } from "./write.ts";

export const HOUR = 3_600;
export const DAY = 86_400;
/** After the end of a span its counts are complete: longer than any process holds a minute that it could not write. */
const LATE_MS = 15 * 60_000;
const SPANS_AT_ONCE = 48;
const ROWS_AT_ONCE = 200;
/** Parts in which a span is read, so that an hour of many series is never in memory at once as rows. */
const SLICES = 12;

/** How long counts are kept, by span. */
export interface RollupRetention {
  readonly minuteHours: number;
  readonly hourDays: number;
  readonly dayDays: number;
}

/**
 * Puts minutes together to hours and hours to days, in the order of time, and deletes what has been kept long enough.
 * Safe to be run again at any point: a span's rows are written before the mark that says so, and are the same each time.
 */
export async function compactRollups(
  ctx: PluginContext,
  retention: RollupRetention,
): Promise<void> {
  const now = ctx.clock.now();
  const hours = await compactTo({ ctx, from: MINUTE, to: HOUR }, now - LATE_MS);
  const days = await compactTo({ ctx, from: HOUR, to: DAY }, hours);
  await forget(ctx, MINUTE, Math.min(now - retention.minuteHours * HOUR * 1_000, hours));
  await forget(ctx, HOUR, Math.min(now - retention.hourDays * DAY * 1_000, days));
  await forget(ctx, DAY, now - retention.dayDays * DAY * 1_000);
}

/** Up to which time rows of a span are complete; 0 where none was ever made. */
export async function markOf(read: Read, span: number): Promise<number> {
  const row = await read
    .db<InsightTables>()
    .selectFrom("insight_marks")
    .select("at")
    .where("span", "=", span)
    .executeTakeFirst();
  return row?.at ?? 0;
}

interface Step {
  readonly ctx: PluginContext;
  /** Lengths in seconds. */
  readonly from: number;
  readonly to: number;
}

/** Makes the spans that end before `until` and hold something, a bounded number at once. Answers the mark. */
async function compactTo({ ctx, from, to }: Step, until: number): Promise<number> {
  const read = ctx.store.read("instance");
  const length = to * 1_000;
  const end = Math.floor(until / length) * length;
  let mark = await markOf(read, to);
  for (let done = 0; done < SPANS_AT_ONCE && mark < end; done += 1) {
    const next = await firstFrom(read, from, mark);
    const at = next === undefined ? end : Math.min(Math.floor(next / length) * length, end);
    if (at < end) await makeSpan({ ctx, from, to }, at);
    mark = Math.min(at + length, end);
    await setMark(ctx, to, mark);
  }
  return mark;
}

/** When the first row of a span at or after a time begins. */
async function firstFrom(read: Read, span: number, from: number): Promise<number | undefined> {
  const row = await read
    .db<InsightTables>()
    .selectFrom("insight_rollups")
    .select("at")
    .where("span", "=", span)
    .where("at", ">=", from)
    .orderBy("at")
    .limit(1)
    .executeTakeFirst();
  return row?.at;
}

async function makeSpan({ ctx, from, to }: Step, at: number): Promise<void> {
  const sums = new Map<string, { readonly first: RollupRow; readonly sum: Sum }>();
  const slice = (to * 1_000) / SLICES;
  for (let part = 0; part < SLICES; part += 1) {
    const begin = at + part * slice;
    const rows = await ctx.store
      .read("instance")
      .db<InsightTables>()
      .selectFrom("insight_rollups")
      .selectAll()
      .where("span", "=", from)
      .where("at", ">=", begin)
      .where("at", "<", begin + slice)
      .execute();
    for (const row of rows) {
      const key = keyOf(row);
      const known = sums.get(key) ?? { first: row, sum: new Sum() };
      known.sum.add(row);
      sums.set(key, known);
    }
  }
  const made = [...sums.values()].map(({ first, sum }) => rowOf(first, sum, { span: to, at }));
  for (let start = 0; start < made.length; start += ROWS_AT_ONCE) {
    await writeRows(ctx, made.slice(start, start + ROWS_AT_ONCE));
  }
}

function keyOf(row: RollupRow): string {
  const { organization, api, operation, version, credential, status } = row;
  return JSON.stringify([organization, api, operation, version, credential, status]);
}

function rowOf(
  first: RollupRow,
  sum: Sum,
  place: { readonly span: number; readonly at: number },
): RollupRow {
  const { organization, api, operation, version, credential, status } = first;
  return {
    organization,
    api,
    operation,
    version,
    credential,
    status,
    ...place,
    node: "",
    count: sum.count,
    errors: sum.errors,
    bytes_in: sum.bytesIn,
    bytes_out: sum.bytesOut,
    duration_us: sum.durationUs,
    gateway_us: sum.gatewayUs,
    upstream_us: sum.upstreamUs,
    durations: sum.encoded("durations"),
    gateways: sum.encoded("gateways"),
    upstreams: sum.encoded("upstreams"),
  };
}

async function setMark(ctx: PluginContext, span: number, at: number): Promise<void> {
  const origin = ctx.newOrigin("insight");
  await ctx.store.transaction({ scope: "instance", origin }, async (tx) => {
    await tx
      .db<InsightTables>()
      .insertInto("insight_marks")
      .values({ span, at })
      .onConflict((conflict) => conflict.column("span").doUpdateSet({ at }))
      .execute();
  });
}

/** Deletes rows of a span that begin before a time, some hours' worth at a time. */
async function forget(ctx: PluginContext, span: number, before: number): Promise<void> {
  const length = span * 1_000 * 60;
  for (let done = 0; done < SPANS_AT_ONCE; done += 1) {
    const oldest = await firstFrom(ctx.store.read("instance"), span, 0);
    if (oldest === undefined || oldest >= before) return;
    const origin = ctx.newOrigin("insight");
    await ctx.store.transaction({ scope: "instance", origin }, async (tx) => {
      await tx
        .db<InsightTables>()
        .deleteFrom("insight_rollups")
        .where("span", "=", span)
        .where("at", "<", Math.min(before, oldest + length))
        .execute();
    });
  }
}
