import type { Clock, MakeId } from "../../base/index.ts";
import type { Failure, Logger, Meter } from "../contract/index.ts";
import type { StoreHub } from "../store/index.ts";
import type { JobRegistry } from "./registry.ts";
import type { Sequels } from "./settle.ts";

/** What the engine needs. */
export interface JobsOptions {
  readonly hub: StoreHub;
  readonly registry: JobRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly makeId: MakeId;
  /** Told of runs that threw and of jobs that were set aside. */
  readonly failed?: (failure: Failure) => void;
  /** What becomes true with the end of a job; nothing else when left out. */
  readonly sequels?: Partial<Sequels>;
  /** For the jitter of retries; from 0 (inclusive) to 1. */
  readonly random?: () => number;
  /** Runs at the same time in this process; 200 when left out. */
  readonly concurrency?: number;
  /** A process that does not answer for this long is taken for dead; 15,000 when left out. At least three heartbeats. */
  readonly leaseMs?: number;
  /**
   * Crashes in a row, with no run that came to its end between them, after which a job is set aside; 20 when left out.
   * A job that was merely under way when its process died is counted too: with the wait growing at each crash and
   * suspects run one at a time, only one that ends the process by itself arrives there.
   */
  readonly crashesMax?: number;
}
