import { createLife } from "./life.ts";
import { findJob, listJobs, retryJob } from "./manage.ts";
import type { JobQuery, JobView } from "./manage.ts";
import type { JobsOptions } from "./options.ts";

const GRACE_MS = 20_000;

/** The jobs engine of one process. */
export interface Jobs {
  /** Recovers what dead processes left, then begins to run. Settles when the first claim may happen. */
  start(): Promise<void>;
  /** Ends runs: first by waiting, then by their signals, then gives back what is left, uncounted. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
  /** Settles when nothing is running or could run now. For tests. */
  drained(): Promise<void>;
  /** For `Writers.committed`: jobs were enqueued by this process. A hint. */
  wake(): void;
  /** Runs under way in this process. */
  running(): number;
  list(query: JobQuery): Promise<readonly JobView[]>;
  get(id: string): Promise<JobView | undefined>;
  /** Puts a job that failed, crashed too often or was cancelled back with fresh tries. Throws `jobs.notFound`, `jobs.active`. */
  retry(id: string): Promise<void>;
  /** Ends a job in whatever state; a run under way is aborted and writes nothing more. Throws `jobs.notFound`. */
  cancel(id: string): Promise<void>;
}

/**
 * Makes the engine. Nothing runs before `start`.
 *
 * @example
 * const jobs = createJobs({ hub, registry, clock, logger, meter, makeId });
 * await jobs.start();
 */
export function createJobs(options: JobsOptions): Jobs {
  const life = createLife(options);
  const { driver } = options.hub;
  return {
    start: () => life.start(),
    stop: (stopping) => life.stop(stopping?.graceMs ?? GRACE_MS),
    drained: () => life.drained(),
    wake: () => life.wake(),
    running: () => life.engine.running.length,
    list: (query) => listJobs(driver, query),
    get: (id) => findJob(driver, id),
    retry: async (id) => {
      await retryJob(driver, id);
      life.wake();
    },
    cancel: (id) => life.cancel(id),
  };
}
