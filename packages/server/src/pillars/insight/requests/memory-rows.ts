import { isWanted } from "./filters.ts";
import type { PlacedRow, RequestRows } from "./request-row.ts";

const MEMORY_ROWS_MAX = 10_000;

/** Rows of a server that keeps everything in memory: a ring of the newest. */
export function memoryRows({ rowsMax, ageMaxMs }: MemoryRetention): RequestRows {
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
    forget: (now) => {
      placed = placed.filter(({ row }) => row.at >= now - ageMaxMs);
    },
    find: ({ before = Infinity, limit, hasDetails = false, ...filters }) =>
      Promise.resolve(
        placed
          .slice(-max)
          .filter((each) => each.position < before && isWanted(each.row, filters))
          .toReversed()
          .slice(0, limit)
          .map((each) => (hasDetails ? each : { ...each, row: { ...each.row, details: null } })),
      ),
    close: () => Promise.resolve(),
  };
}

/** How much is kept in memory; bytes are bounded by the number of rows. */
export interface MemoryRetention {
  readonly rowsMax: number;
  readonly ageMaxMs: number;
}
