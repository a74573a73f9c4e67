import type { JobView, JobsFace } from "../contract/index.ts";
import { createFace } from "./face.ts";
import { createLife } from "./life.ts";
import { cancelJob, retryJob } from "./manage.ts";
import type { Managing } from "./manage.ts";
import type { JobsOptions } from "./options.ts";
import { findJob, listJobs } from "./read.ts";
import type { AnyJobQuery } from "./read.ts";

const GRACE_MS = 20_000;

/** The jobs engine of one process. */
export interface JobsEngine {
  /** Recovers what dead processes left, then begins to run. Settles when the first claim may happen. */
  start(): Promise<void>;
  /** Ends runs: first by waiting, then by their signals, then gives back what is left, uncounted. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
  /** Settles when nothing is running or could run now. For tests. */
  drained(): Promise<void>;
  /** For `Writers.committed`: jobs were enqueued by this process. A hint. */
  wake(): void;
  /** For the change feed: jobs were taken from their runs, by whatever process. A hint. */
  taken(): Promise<void>;
  /** Runs under way in this process. */
  running(): number;
  list(query: AnyJobQuery): Promise<readonly JobView[]>;
  get(id: string): Promise<JobView | undefined>;
  /** As {@link JobsFace}, whatever the organization, in a transaction of its own. */
  retry(id: string): Promise<void>;
  cancel(id: string): Promise<void>;
  /** What plugins are given as `kernel.jobs@1`. */
  readonly face: JobsFace;
}

/**
 * Makes the engine. Nothing runs before `start`.
 *
 * @example
 * const jobs = createJobs({ hub, registry, clock, logger, meter, makeId });
 * await jobs.start();
 */
export function createJobs(options: JobsOptions): JobsEngine {
  const life = createLife(options);
  const { hub, registry } = options;
  const { driver } = hub;
  const { dialect } = driver;
  const manage = async (
    id: string,
    change: (managing: Managing, job: { readonly id: string }) => Promise<JobView>,
  ): Promise<void> => {
    const now = await driver.now();
    await driver.transaction(async (tx) => {
      const ask: Managing["ask"] = (statement) => tx.execute(statement);
      await change({ ask, dialect, registry, now }, { id });
    });
  };
  return {
    start: () => life.start(),
    stop: (stopping) => life.stop(stopping?.graceMs ?? GRACE_MS),
    drained: () => life.drained(),
    wake: () => life.wake(),
    taken: () => life.taken(),
    running: () => life.engine.running.length,
    list: (query) => listJobs({ driver, registry }, query),
    get: (id) => findJob((statement) => driver.query(statement), { dialect, registry }, id),
    retry: async (id) => {
      await manage(id, retryJob);
      life.wake();
    },
    cancel: async (id) => {
      await manage(id, cancelJob);
      await life.taken();
    },
    face: createFace({ hub, registry }),
  };
}
