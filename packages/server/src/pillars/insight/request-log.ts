import type { AnsweredRequest, Clock } from "portico/kernel";
import { Budget } from "./budget.ts";
import type { PlacedRow, RequestQuery, RequestRow, RequestRows } from "./request-row.ts";
import type { InsightSettings } from "./settings.ts";

const FLUSH_MS = 200;
/** Rows held while they cannot be written; beyond, rows are dropped and counted. */
const HELD_MAX = 20_000;

/** What a log is made of. */
export interface RequestLogOptions {
  readonly rows: RequestRows;
  readonly settings: InsightSettings;
  readonly clock: Clock;
  /** Told of requests that got no row. */
  readonly uncounted: (rows: number) => void;
}

/** Takes answered requests off the hot path: a decision and a push; everything else happens five times a second. */
export class RequestLog {
  readonly #options: RequestLogOptions;
  readonly #budget: Budget;
  #held: RequestRow[] = [];
  #withoutRow = 0;
  #cancelFlush: (() => void) | undefined;

  constructor(options: RequestLogOptions) {
    this.#options = options;
    this.#budget = new Budget(options.settings);
  }

  take(request: AnsweredRequest): void {
    const kept = this.#budget.keep(request);
    if (kept === undefined || this.#held.length >= HELD_MAX) {
      this.#withoutRow += 1;
    } else {
      this.#held.push({ ...request, kept });
    }
    this.#cancelFlush ??= this.#options.clock.after(FLUSH_MS, () => this.flush());
  }

  flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    if (this.#withoutRow > 0) this.#options.uncounted(this.#withoutRow);
    this.#withoutRow = 0;
    if (this.#held.length === 0) return;
    const rows = this.#held;
    this.#held = [];
    this.#options.rows.write(rows);
  }

  /** Rows as of now: what is still held is written first. */
  find(query: RequestQuery): Promise<readonly PlacedRow[]> {
    this.flush();
    return this.#options.rows.find(query);
  }

  async close(): Promise<void> {
    this.flush();
    await this.#options.rows.close();
  }
}
