import type { JobsFace, Tx } from "../contract/index.ts";
import type { StoreHub } from "../store/index.ts";
import { countFailed } from "./count.ts";
import { raiseJobs } from "./errors.ts";
import { cancelJob, forgetEnded, retryJob } from "./manage.ts";
import type { Managing, NamedJob } from "./manage.ts";
import { findJob, listJobs } from "./read.ts";
import type { JobRegistry } from "./registry.ts";

/** What changed in the change feed when jobs were taken from their runs. */
export const TAKEN = "jobs.taken";

/** The jobs as plugins manage them: each organization its own. */
export function createFace({
  hub,
  registry,
}: {
  readonly hub: StoreHub;
  readonly registry: JobRegistry;
}): JobsFace {
  const { driver } = hub;
  const { dialect } = driver;
  const within = async (tx: Tx, id: string): Promise<readonly [Managing, NamedJob]> => {
    const { organization, execute } = hub.beside(tx);
    return [
      { ask: execute, dialect, registry, now: await tx.now() },
      { id, organization },
    ];
  };
  return {
    list: (query) => listJobs({ driver, registry }, query),
    get: async (organization, id) => {
      const ask: Managing["ask"] = (statement) => driver.query(statement);
      const found = await findJob(ask, { dialect, registry }, id);
      if (found?.organization !== organization)
        throw raiseJobs("jobs.notFound", { params: { id } });
      return found;
    },
    retry: async (tx, id) => {
      const retried = await retryJob(...(await within(tx, id)));
      hub.beside(tx).hasJobs();
      return retried;
    },
    cancel: async (tx, id) => {
      const cancelled = await cancelJob(...(await within(tx, id)));
      tx.changed(TAKEN, id);
      return cancelled;
    },
    forget: (options) => forgetEnded(driver, options),
    countFailed: (query) => countFailed(driver, query),
  };
}
