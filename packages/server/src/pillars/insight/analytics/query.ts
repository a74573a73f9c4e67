import { toRfc3339 } from "portico/kernel";
import type { PluginContext, Read } from "portico/kernel";
import type { InsightTables, RollupRow } from "../tables.ts";
import { DAY, HOUR, markOf } from "./compact.ts";
import type { RollupRetention } from "./compact.ts";
import { raise } from "../errors.ts";
import type { Metric } from "./metrics.ts";
import { Sum } from "./sum.ts";
import type { Part, Totals } from "./sum.ts";
import { MINUTE } from "./write.ts";

const POINTS_MAX = 1_500;
const ROWS_MAX = 200_000;
/** Histograms weigh more than numbers. */
const HISTOGRAM_ROWS_MAX = 50_000;

/** Lengths of intervals in seconds. */
export const intervals = { minute: MINUTE, hour: HOUR, day: DAY } as const;
/** The length of an interval, by name. */
export type IntervalName = keyof typeof intervals;

/** What counts can be grouped and narrowed by. */
export const dimensions = ["api", "operation", "version", "key", "status"] as const;
/** One of them. */
export type Dimension = (typeof dimensions)[number];

/** What is asked. Times are ms since 1970. */
export interface RollupQuery {
  readonly metric: Metric;
  readonly by: readonly Dimension[];
  readonly from: number;
  readonly to: number;
  readonly interval: IntervalName;
  /** `status` is a class: `5xx`. */
  readonly filters: Partial<Readonly<Record<Dimension, string>>>;
}

/** Sums by group and by the beginning of each interval. */
export type Groups = Map<string, Group>;

/** One combination of the labels that were asked for. */
export interface Group {
  readonly labels: Readonly<Partial<Record<Dimension, string>>>;
  readonly points: Map<number, Sum>;
}

/** The range that is answered: whole intervals. Throws `insight.badRange`, `insight.tooManyPoints`. */
export function rangeOf(query: RollupQuery): { readonly from: number; readonly to: number } {
  const length = intervals[query.interval] * 1_000;
  const from = Math.floor(query.from / length) * length;
  const to = Math.ceil(query.to / length) * length;
  if (query.from >= query.to) {
    const params = { from: toRfc3339(query.from), to: toRfc3339(query.to) };
    throw raise("insight.badRange", { params });
  }
  const points = (to - from) / length;
  if (points > POINTS_MAX) {
    const instead = query.interval === "minute" ? "hour" : "day";
    throw raise("insight.tooManyPoints", { params: { points, max: POINTS_MAX, instead } });
  }
  return { from, to };
}

/** Reads the counts of one organization, or of all with a handle of scope `instance`. */
export async function readRollups(
  ctx: PluginContext,
  read: Read,
  { query, retention }: { readonly query: RollupQuery; readonly retention: RollupRetention },
): Promise<Groups> {
  const { from, to } = rangeOf(query);
  refuseForgotten(ctx, { query, retention, from });
  const instance = ctx.store.read("instance");
  const segments = segmentsOf(query.interval, {
    from,
    to,
    days: await markOf(instance, DAY),
    hours: await markOf(instance, HOUR),
  });
  await refuseTooMuch(read, query, segments);
  const groups: Groups = new Map();
  for (const segment of segments) await readSegment({ read, query, groups }, segment);
  return groups;
}

/** A part of a range and the length of the rows it is read from, in seconds. */
export interface Segment {
  readonly span: number;
  readonly from: number;
  readonly to: number;
}

/** The coarsest rows that there are for each part of the range; what is not put together yet comes from finer ones. */
export function segmentsOf(
  interval: IntervalName,
  range: {
    readonly from: number;
    readonly to: number;
    readonly days: number;
    readonly hours: number;
  },
): readonly Segment[] {
  const { from, to } = range;
  const days = interval === "day" ? clamp(range.days, from, to) : from;
  const hours = interval === "minute" ? from : clamp(range.hours, days, to);
  return [
    { span: DAY, from, to: days },
    { span: HOUR, from: days, to: hours },
    { span: MINUTE, from: hours, to },
  ].filter((segment) => segment.from < segment.to);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

function refuseForgotten(
  ctx: PluginContext,
  given: {
    readonly query: RollupQuery;
    readonly retention: RollupRetention;
    readonly from: number;
  },
): void {
  const { query, retention, from } = given;
  const keptMs = {
    minute: retention.minuteHours * HOUR * 1_000,
    hour: retention.hourDays * DAY * 1_000,
    day: retention.dayDays * DAY * 1_000,
  }[query.interval];
  // One interval of grace: the one that is being deleted.
  const since = ctx.clock.now() - keptMs - intervals[query.interval] * 1_000;
  if (from >= since) return;
  throw raise("insight.notKept", {
    params: { interval: query.interval, since: toRfc3339(since), from: toRfc3339(from) },
  });
}

function selectRows(read: Read, query: RollupQuery, { span, from, to }: Segment) {
  const { filters } = query;
  let select = read
    .db<InsightTables>()
    .selectFrom("insight_rollups")
    .where("span", "=", span)
    .where("at", ">=", from)
    .where("at", "<", to);
  if (filters.api !== undefined) select = select.where("api", "=", filters.api);
  if (filters.operation !== undefined) select = select.where("operation", "=", filters.operation);
  if (filters.version !== undefined) select = select.where("version", "=", filters.version);
  if (filters.key !== undefined) select = select.where("credential", "=", filters.key);
  if (filters.status !== undefined) select = select.where("status", "=", Number(filters.status[0]));
  return select;
}

async function refuseTooMuch(
  read: Read,
  query: RollupQuery,
  segments: readonly Segment[],
): Promise<void> {
  const max = query.metric.part === undefined ? ROWS_MAX : HISTOGRAM_ROWS_MAX;
  let rows = 0;
  for (const segment of segments) {
    const counted = await selectRows(read, query, segment)
      .select((row) => row.fn.countAll().as("rows"))
      .executeTakeFirst();
    rows += Number(counted?.rows ?? 0);
  }
  if (rows > max) throw raise("insight.tooMuch", { params: { rows, max } });
}

const NUMBERS = [
  "at",
  "api",
  "operation",
  "version",
  "credential",
  "status",
  "count",
  "errors",
  "bytes_in",
  "bytes_out",
  "duration_us",
  "gateway_us",
  "upstream_us",
] as const;

interface Reading {
  readonly read: Read;
  readonly query: RollupQuery;
  readonly groups: Groups;
}

/** In parts of the time, so that a long answer does not hold up everybody else's. */
async function readSegment(reading: Reading, segment: Segment): Promise<void> {
  const { read, query, groups } = reading;
  const { part } = query.metric;
  const step = Math.max(segment.span * 1_000, Math.ceil((segment.to - segment.from) / 24));
  for (let from = segment.from; from < segment.to; from += step) {
    const to = Math.min(from + step, segment.to);
    const select = selectRows(read, query, { ...segment, from, to }).select(NUMBERS);
    const rows = await (part === undefined ? select : select.select(part)).execute();
    for (const row of rows) addRow(groups, query, row);
  }
}

type ReadRow = Pick<RollupRow, "at" | "api" | "operation" | "version" | "credential" | "status"> &
  Totals &
  Partial<Pick<RollupRow, Part>>;

function addRow(groups: Groups, query: RollupQuery, row: ReadRow): void {
  const length = intervals[query.interval] * 1_000;
  const values = query.by.map((dimension) => labelOf(row, dimension));
  const key = JSON.stringify(values);
  let group = groups.get(key);
  if (group === undefined) {
    const labels = Object.fromEntries(query.by.map((name, index) => [name, values[index] ?? ""]));
    group = { labels, points: new Map() };
    groups.set(key, group);
  }
  const at = Math.floor(row.at / length) * length;
  let sum = group.points.get(at);
  if (sum === undefined) {
    sum = new Sum();
    group.points.set(at, sum);
  }
  sum.add(row);
}

function labelOf(row: ReadRow, dimension: Dimension): string {
  if (dimension === "key") return row.credential;
  if (dimension === "status") return `${row.status}xx`;
  return row[dimension];
}
