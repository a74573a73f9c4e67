import type { Clock, MakeId } from "../../base/index.ts";
import type { EnqueueOptions, JobDefinition } from "../contract/index.ts";
import { placeholders } from "../log/index.ts";
import type { Driver, Writers } from "../store/index.ts";
import { raiseJobs } from "./errors.ts";
import type { JobRegistry } from "./registry.ts";
import { uniqueId } from "./unique.ts";

/** One step of priority is worth this much waiting: urgent jobs go first, and none waits for ever. */
export const PRIORITY_STEP_MS = 60_000;
const PRIORITY = 5;

const INSERT = `insert into jobs_active (id, state, "rank", run_at, token, organization, plugin, name, input, key_name,
  priority, attempt, crashes, schedule, created_at, actor, cause, trace)
  values (?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?)`;

/** Begins the key of jobs that their schedule runs one after another. No text of a caller's holds it. */
const ALONE = "\u0001";

/** Options of a job that a schedule makes: `isAlone` keeps it waiting for those that the schedule made before. */
export function scheduledOptions({
  schedule,
  isAlone,
}: {
  readonly schedule: string;
  readonly isAlone: boolean;
}): EnqueueOptions & { readonly schedule: string } {
  return isAlone ? { schedule, key: `${ALONE}${schedule}` } : { schedule };
}

/** Runs of one key at the same time; undefined for any number. */
export function limitOfKey(key: string, definition: JobDefinition | undefined): number | undefined {
  return key.startsWith(ALONE) ? 1 : definition?.concurrency;
}

/** A key as it is shown: those of schedules are an inner matter. */
export function shownKey(key: string | null): string | null {
  return key?.startsWith(ALONE) === true ? null : key;
}

/** What the enqueuer needs. */
export interface EnqueuerOptions {
  readonly driver: Pick<Driver, "dialect" | "nowAbout">;
  readonly clock: Clock;
  readonly makeId: MakeId;
  readonly registry: JobRegistry;
}

/**
 * Makes the `enqueue` of the store's writers. Throws `jobs.unknown` and `jobs.badInput` where the mistake is made,
 * within the transaction, and not an hour later in the engine.
 */
export function createEnqueuer(options: EnqueuerOptions): Writers["enqueue"] {
  const to = placeholders(options.driver.dialect);
  const insert = to(INSERT);
  const insertUnique = to(`${INSERT} on conflict (id) do nothing`);
  return (context, job) => {
    const { owner: plugin, organization } = context;
    const registered = options.registry.find(plugin, job.name);
    if (registered === undefined) {
      throw raiseJobs("jobs.unknown", { params: { plugin, job: job.name } });
    }
    const reason = registered.wrong(job.input);
    if (reason !== undefined) {
      throw raiseJobs("jobs.badInput", { params: { job: `${plugin}.${job.name}`, reason } });
    }
    const { key, afterMs, unique, priority = PRIORITY } = job.options;
    // By the clock that decides what is due: this process's own may be hours from it.
    const now = options.driver.nowAbout();
    const at = afterMs === undefined ? job.options.at : now + afterMs;
    const origin = job.options.origin ?? context.origin;
    const id =
      unique === undefined
        ? options.makeId("job")
        : uniqueId([organization, plugin, job.name, unique]);
    // A job whose key is limited goes through admission, which counts; taking slots here would hold the key's lock
    // for as long as the caller's transaction is open.
    const isReady =
      (at ?? 0) <= now &&
      (key === undefined || limitOfKey(key, registered.definition) === undefined);
    // Without a time it is due whatever the database's clock says: what we know of it is a moment old.
    const runAt = at === undefined ? 0 : Math.max(at, now);
    const parameters = [
      id,
      isReady ? "ready" : "delayed",
      Math.max(runAt, now) + (priority - PRIORITY) * PRIORITY_STEP_MS,
      runAt,
      organization,
      plugin,
      job.name,
      JSON.stringify(job.input ?? null),
      key ?? null,
      priority,
      scheduleOf(job.options),
      options.clock.now(),
      origin.actor,
      origin.cause,
      origin.trace,
    ];
    return unique === undefined
      ? { id, statements: [{ sql: insert, parameters, rows: 1 }] }
      : { id, statements: [{ sql: insertUnique, parameters }] };
  };
}

// Not of the contract: only `scheduledOptions` makes options that have it.
function scheduleOf(options: EnqueueOptions & { readonly schedule?: string }): string | null {
  return options.schedule ?? null;
}
