import type { StatisticBucket, StatisticCounts, StatisticQuery } from "../contract/index.ts";

/** Rows of one page: the store does other work in between. */
export const STATISTIC_PAGE = 20_000;
/** Rows that one line of the statistics may cost. */
const ROWS_MAX = 500_000;

/** What a page held of one bucket. */
export interface CountedPage<TPlace> {
  /** A whole multiple of the query's `spanMs`. */
  readonly at: number;
  readonly count: number;
  /** How many rows of the page were read for it; as many as are counted when left out. */
  readonly rows?: number;
  /** The greatest place of the bucket's rows: pages go on after the greatest of all. */
  readonly last: TPlace;
}

/**
 * Counts rows page by page, each of at most `STATISTIC_PAGE` rows in the order of their places. Buckets outside of the
 * range are left out, so that pages may reach a little beyond it. Undefined when there are more rows than may be read.
 *
 * @example
 * countPages(query, idAt("key", query.from), async (after) => pageOfKeys(read, after));
 */
export async function countPages<TPlace extends string | number>(
  { from, to }: Pick<StatisticQuery, "from" | "to">,
  start: TPlace,
  page: (after: TPlace) => Promise<readonly CountedPage<TPlace>[]>,
): Promise<StatisticCounts | undefined> {
  const counts = new Map<number, number>();
  let after = start;
  for (let total = 0; total <= ROWS_MAX;) {
    const found = await page(after);
    let rows = 0;
    for (const { at, count, last, rows: read = count } of found) {
      rows += read;
      if (last > after) after = last;
      if (at >= from && at < to) counts.set(at, (counts.get(at) ?? 0) + count);
    }
    total += rows;
    if (rows < STATISTIC_PAGE) return { buckets: bucketsOf(counts) };
  }
  return undefined;
}

function bucketsOf(counts: ReadonlyMap<number, number>): readonly StatisticBucket[] {
  return [...counts].map(([at, count]) => ({ at, count })).toSorted((a, b) => a.at - b.at);
}
