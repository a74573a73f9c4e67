import type { Clock, MakeId } from "../../base/index.ts";
import type { Failure, Logger, Meter } from "../contract/index.ts";
import type { StoreHub } from "../store/index.ts";
import type { JobRegistry } from "./registry.ts";

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
  /** For the jitter of retries; from 0 (inclusive) to 1. */
  readonly random?: () => number;
  /** Runs at the same time in this process; 200 when left out. */
  readonly concurrency?: number;
  /** A process that does not answer for this long is taken for dead; 15,000 when left out. At least three heartbeats. */
  readonly leaseMs?: number;
  /** Crashes after which a job is set aside; 5 when left out. */
  readonly crashesMax?: number;
}
