import type { AnsweredRequest, Clock, RequestDetails } from "portico/kernel";
import { Budget } from "./budget.ts";
import type { BudgetSettings } from "./budget.ts";
import { Followers } from "./followers.ts";
import type { Followed } from "./followers.ts";
import type {
  KeptDetails,
  PlacedRow,
  RequestFilters,
  RequestQuery,
  RequestRow,
  RequestRows,
} from "./request-row.ts";
import { rowOf } from "./row-of.ts";

const FLUSH_MS = 200;
const FORGET_MS = 3_600_000;
/** Rows held while they cannot be written; beyond, rows are dropped and counted. */
const HELD_MAX = 20_000;

/** What a log is made of. */
export interface RequestLogOptions {
  readonly rows: RequestRows;
  readonly settings: BudgetSettings;
  readonly clock: Clock;
  readonly redact: (details: RequestDetails) => KeptDetails;
  /** Told of requests that got no row. */
  readonly uncounted: (rows: number) => void;
}

/** Takes answered requests off the hot path: a decision and a push; everything else happens five times a second. */
export class RequestLog {
  readonly #options: RequestLogOptions;
  readonly #budget: Budget;
  readonly #followers = new Followers();
  #held: RequestRow[] = [];
  #withoutRow = 0;
  #cancelFlush: (() => void) | undefined;
  #cancelForget: () => void;

  constructor(options: RequestLogOptions) {
    this.#options = options;
    this.#budget = new Budget(options.settings);
    this.#cancelForget = this.#forget();
  }

  take(request: AnsweredRequest): void {
    const kept = this.#budget.keep(request);
    if (kept === undefined || this.#held.length >= HELD_MAX) {
      this.#withoutRow += 1;
    } else {
      const row = rowOf(request, kept, this.#options.redact);
      this.#held.push(row);
      this.#followers.show(row);
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

  /** Rows as they are kept from now on, until the signal. */
  follow(filters: RequestFilters, signal: AbortSignal): AsyncIterable<Followed> {
    return this.#followers.follow(filters, signal);
  }

  async close(): Promise<void> {
    this.#cancelForget();
    this.flush();
    await this.#options.rows.close();
  }

  /** At the start and every hour: what is too old goes also where nothing is written. */
  #forget(): () => void {
    const { rows, clock } = this.#options;
    rows.forget(clock.now());
    return clock.after(FORGET_MS, () => {
      this.#cancelForget = this.#forget();
    });
  }
}
