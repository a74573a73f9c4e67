import { hasStatus } from "./request-row.ts";
import type { PlacedRow, RequestQuery, RequestRows } from "./request-row.ts";

const MEMORY_ROWS_MAX = 10_000;

/** Rows of a server that keeps everything in memory: a ring of the newest. */
export function memoryRows(rowsMax: number): RequestRows {
  const max = Math.min(rowsMax, MEMORY_ROWS_MAX);
  let placed: PlacedRow[] = [];
  let position = 0;
  return {
    write: (rows) => {
      for (const row of rows) {
        position += 1;
        placed.push({ position, row });
      }
      if (placed.length > max * 2) placed = placed.slice(-max);
    },
    find: (query) =>
      Promise.resolve(
        placed
          .slice(-max)
          .filter((each) => isWanted(each, query))
          .toReversed()
          .slice(0, query.limit),
      ),
    close: () => Promise.resolve(),
  };
}

function isWanted({ position, row }: PlacedRow, query: RequestQuery): boolean {
  return (
    row.organization === query.organization &&
    (query.before === undefined || position < query.before) &&
    (query.status === undefined || hasStatus(row.status, query.status)) &&
    (query.method === undefined || row.method === query.method) &&
    (query.route === undefined || row.route === query.route) &&
    (query.trace === undefined || row.trace === query.trace) &&
    (query.since === undefined || row.at >= query.since)
  );
}
