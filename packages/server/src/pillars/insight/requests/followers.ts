import { isWanted } from "./filters.ts";
import type { RequestFilters, RequestRow } from "./request-row.ts";

/** Rows that a follower who does not read may fall behind by; then the oldest are dropped and counted. */
const BEHIND_MAX = 1_000;

/** What a follower is given: rows as they are kept, and how many were dropped right before them. */
export interface Followed {
  readonly rows: readonly RequestRow[];
  readonly dropped: number;
}

interface Follower {
  readonly filters: RequestFilters;
  rows: RequestRow[];
  dropped: number;
  wake: () => void;
}

/** Those who look on live. Nobody waits for them: whoever reads too slowly misses rows and is told how many. */
export class Followers {
  readonly #all = new Set<Follower>();

  /** Shows a row to whoever wants it. */
  show(row: RequestRow): void {
    if (this.#all.size === 0) return;
    for (const follower of this.#all) {
      if (!isWanted(row, follower.filters)) continue;
      follower.rows.push(row);
      if (follower.rows.length > BEHIND_MAX) {
        follower.rows.shift();
        follower.dropped += 1;
      }
      follower.wake();
    }
  }

  /** Rows from now on, until the signal. */
  async *follow(filters: RequestFilters, signal: AbortSignal): AsyncGenerator<Followed> {
    const follower: Follower = { filters, rows: [], dropped: 0, wake: () => undefined };
    const abort = (): void => follower.wake();
    this.#all.add(follower);
    signal.addEventListener("abort", abort);
    try {
      while (!signal.aborted) {
        if (follower.rows.length === 0) await woken(follower);
        const { rows, dropped } = follower;
        follower.rows = [];
        follower.dropped = 0;
        if (rows.length > 0) yield { rows, dropped };
      }
    } finally {
      this.#all.delete(follower);
      signal.removeEventListener("abort", abort);
    }
  }
}

function woken(follower: Follower): Promise<void> {
  return new Promise((resolve) => {
    follower.wake = resolve;
  });
}
