import type { AnsweredRequest } from "portico/kernel";

/** Why a request has a row. */
export type Kept = "all" | "trouble" | "slow" | "sample";

/** What the budget is, from the pillar's settings. */
export interface BudgetSettings {
  readonly rowsPerSecond: number;
  readonly sampleOneIn: number;
  readonly slowMs: number;
  readonly troublesPerSubject: number;
}

/**
 * Decides which requests have a row (design §10.17): all up to a budget for each second, then only those that tell
 * something, bounded per caller, and a sample. Counting is by the second in which the request came.
 */
export class Budget {
  readonly #settings: BudgetSettings;
  #second = 0;
  #rows = 0;
  #beyond = 0;
  readonly #troubles = new Map<string, number>();

  constructor(settings: BudgetSettings) {
    this.#settings = settings;
  }

  /** Why this request is kept; undefined when it is only counted. */
  keep(request: AnsweredRequest): Kept | undefined {
    const second = Math.floor(request.at / 1_000);
    if (second > this.#second) this.#begin(second);
    const { rowsPerSecond, sampleOneIn, slowMs } = this.#settings;
    if (this.#rows < rowsPerSecond) {
      this.#rows += 1;
      return "all";
    }
    if (request.status >= 400) return this.#trouble(request.subject);
    if (request.durationMs >= slowMs)
      return this.#trouble("slow") === undefined ? undefined : "slow";
    this.#beyond += 1;
    return this.#beyond % sampleOneIn === 0 ? "sample" : undefined;
  }

  #trouble(subject: string): Kept | undefined {
    const count = (this.#troubles.get(subject) ?? 0) + 1;
    // Anonymous callers share a name, so the map is bounded by the callers of one second.
    this.#troubles.set(subject, count);
    return count <= this.#settings.troublesPerSubject ? "trouble" : undefined;
  }

  #begin(second: number): void {
    this.#second = second;
    this.#rows = 0;
    this.#beyond = 0;
    this.#troubles.clear();
  }
}
