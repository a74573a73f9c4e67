import type { EventCountQuery, StatisticCounts } from "../contract/index.ts";
import { countPages, STATISTIC_PAGE } from "../statistics/index.ts";
import type { Driver } from "../store/index.ts";
import { placeholders } from "./placeholders.ts";

/** How far an event's time may be from those of its neighbours in the log: clocks of processes, long transactions. */
const SKEW_MS = 60_000;

/**
 * Counts events by the time they were published. Positions follow time, so the beginning is found by halving, with no index
 * by time that every event would have to pay for.
 */
export async function countEvents(
  driver: Driver,
  query: EventCountQuery,
): Promise<StatisticCounts | undefined> {
  const to = placeholders(driver.dialect);
  const { scope, spanMs, type = "" } = query;
  const after = (await positionAt(driver, query.from - SKEW_MS)) - 1;
  const end = await positionAt(driver, query.to + SKEW_MS);
  const mine = scope === "instance" ? "" : "organization = ? and ";
  // With no type meant, every event is: one text for both.
  const sql = to(`select bucket, sum(case when type = ? or ? = '' then 1 else 0 end) as meant,
    count(*) as events, max(seq) as last from
    (select seq, type, at - at % ? as bucket from log_events
      where ${mine}seq > ? and seq < ? order by seq limit ?) as page group by bucket`);
  return countPages(query, after, async (place) => {
    const own = scope === "instance" ? [] : [scope.organization];
    const parameters = [type, type, spanMs, ...own, place, end, STATISTIC_PAGE];
    const { rows } = await driver.query({ sql, parameters });
    return rows.map((row) => ({
      at: Number(row["bucket"]),
      count: Number(row["meant"]),
      rows: Number(row["events"]),
      last: Number(row["last"]),
    }));
  });
}

/** The first position of an event that is not before a time; behind the last one when all are. */
async function positionAt(driver: Driver, at: number): Promise<number> {
  const to = placeholders(driver.dialect);
  const ask = async (sql: string, parameters: number[]): Promise<readonly [number, number]> => {
    const { rows } = await driver.query({ sql: to(sql), parameters });
    return [Number(rows[0]?.["seq"] ?? 0), Number(rows[0]?.["at"] ?? 0)];
  };
  const one = `select seq, at from log_events where seq is not null`;
  let [low] = await ask(`${one} order by seq limit 1`, []);
  const [last, lastAt] = await ask(`${one} order by seq desc limit 1`, []);
  if (lastAt < at) return last + 1;
  let high = last;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    // Positions have gaps where events were deleted: the next one there is stands for its gap.
    const [seq, time] = await ask(`${one} and seq >= ? order by seq limit 1`, [middle]);
    if (time < at) low = seq + 1;
    else high = middle;
  }
  return low;
}
