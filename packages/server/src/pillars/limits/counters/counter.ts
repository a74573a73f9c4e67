import type { LimitPolicy, LimitState } from "portico/kernel";

/**
 * What a counter says of a call before anything is taken. `unknown`: the store has to be asked (`reserve`). `away`: the
 * store cannot be asked now.
 */
export type Verdict = "free" | "full" | "unknown" | "away";

/**
 * Counts by one policy. `look` says whether a call would pass and remembers what it saw; `charge` and `state` mean the
 * last look. Between them nobody else gets a turn, so one counter needs no object for each call.
 */
export interface Counter {
  readonly policy: LimitPolicy;
  /** Begins the names of its counts, so that policies and places do not mix. */
  readonly id: string;
  look(subject: string, cost: number): Verdict;
  /** Takes what was looked for. */
  charge(): void;
  /** How it stands; with `allowed`, after the charge. */
  state(allowed: boolean): LimitState;
  /** Fetches what `look` did not know. Never rejects. */
  reserve?(subject: string, cost: number): Promise<void>;
  /** Gives back when a call is over: where calls under way are counted. */
  release?(subject: string, cost: number): void;
}
