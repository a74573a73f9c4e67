import type { Origin } from "./trace.ts";

/** How one job differs from the next of its kind. */
export interface EnqueueOptions {
  /** Jobs of one key share the definition's `concurrency`; no key can starve another. */
  readonly key?: string;
  /** Not before this moment that somebody named (ms since 1970). */
  readonly at?: number;
  /** Not before so many ms have passed, whatever happens to a clock meanwhile. Not together with `at`. */
  readonly afterMs?: number;
  /** 0 (first) to 9 (last); 5 when left out. */
  readonly priority?: number;
  /** While an unfinished job carries this name, another is not added and the id of the first is returned as new. */
  readonly unique?: string;
  /** The thread the job belongs to, where it is not the transaction's: a reaction handles events of many threads. */
  readonly origin?: Origin;
}
