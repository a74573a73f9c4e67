import type { StatisticCounts, StatisticQuery } from "../contract/index.ts";
import { placeholders } from "../log/index.ts";
import type { Driver } from "../store/index.ts";

const ROWS_MAX = 500_000;
/** Parts of the range, so that a long answer does not hold up everybody else's. */
const SLICES = 24;

/** Counts jobs that failed for good or were set aside, of those whose rows are kept, by the time of their end. */
export async function countFailed(
  driver: Driver,
  query: StatisticQuery,
): Promise<StatisticCounts | undefined> {
  const { scope, spanMs } = query;
  const mine = scope === "instance" ? "" : "organization = ? and ";
  const sql = placeholders(
    driver.dialect,
  )(`select ended_at - ended_at % ? as bucket, count(*) as jobs
    from jobs_ended where ${mine}outcome in ('failed', 'quarantined') and ended_at >= ? and ended_at < ?
    group by bucket order by bucket`);
  const own = scope === "instance" ? [] : [scope.organization];
  const step = spanMs * Math.max(1, Math.ceil((query.to - query.from) / spanMs / SLICES));
  const buckets: { at: number; count: number }[] = [];
  let total = 0;
  for (let from = query.from; from < query.to; from += step) {
    const to = Math.min(from + step, query.to);
    const { rows } = await driver.query({ sql, parameters: [spanMs, ...own, from, to] });
    for (const row of rows) {
      buckets.push({ at: Number(row["bucket"]), count: Number(row["jobs"]) });
      total += Number(row["jobs"]);
    }
    if (total > ROWS_MAX) return undefined;
  }
  return { buckets };
}
