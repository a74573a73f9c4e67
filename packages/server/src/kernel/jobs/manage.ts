import type { JobView } from "../contract/index.ts";
import { placeholders } from "../log/index.ts";
import type { Dialect } from "../log/index.ts";
import type { Driver, DriverStatement } from "../store/index.ts";
import { PRIORITY_STEP_MS } from "./enqueue.ts";
import { raiseJobs } from "./errors.ts";
import { findJob } from "./read.ts";
import type { Ask } from "./read.ts";
import type { JobRegistry } from "./registry.ts";
import { HELD } from "./statements.ts";

const MOVED = `organization, plugin, name, input, key_name, priority, schedule, created_at, actor, cause, trace`;

/** A job named by somebody who may see the jobs of one organization, or of all. */
export interface NamedJob {
  readonly id: string;
  readonly organization?: string;
}

/** What managing needs: a way to ask, within a transaction or each statement alone. */
export interface Managing {
  readonly ask: Ask;
  readonly dialect: Dialect;
  readonly registry: JobRegistry;
  readonly now: number;
}

/** Moves an ended job back among the others. The statements have to become true together. */
export async function retryJob(managing: Managing, job: NamedJob): Promise<JobView> {
  const { ask, dialect, now } = managing;
  const found = await mustFind(managing, job);
  const to = placeholders(dialect);
  const { changes } = await ask({
    sql: to(`insert into jobs_active (id, state, "rank", run_at, token, attempt, crashes, ${MOVED})
      select id, 'delayed', cast(? as bigint) + (priority - 5) * ${PRIORITY_STEP_MS}, cast(? as bigint), 0, 0, 0, ${MOVED}
      from jobs_ended where id = ? and outcome <> 'completed' on conflict (id) do nothing`),
    parameters: [now, now, job.id],
  });
  if (changes !== 1)
    throw raiseJobs("jobs.notEnded", { params: { id: job.id, state: found.state } });
  await ask({ sql: to(`delete from jobs_ended where id = ?`), parameters: [job.id] });
  return mustFind(managing, job);
}

/** Moves a job out of every run's reach. The statements have to become true together. */
export async function cancelJob(managing: Managing, job: NamedJob): Promise<JobView> {
  const { ask, dialect, registry, now } = managing;
  const found = await mustFind(managing, job);
  if (registry.find(found.plugin, found.name)?.definition.cancellable === false) {
    const { plugin } = found;
    throw raiseJobs("jobs.notCancellable", { params: { id: job.id, plugin } });
  }
  const moved = await ask({ sql: setCancelled(dialect, "id"), parameters: [now, job.id] });
  if (moved.changes !== 1) {
    if (found.state === "cancelled") return found;
    throw raiseJobs("jobs.hasEnded", { params: { id: job.id, state: found.state } });
  }
  const to = placeholders(dialect);
  await ask({ sql: to(`delete from jobs_active where id = ?`), parameters: [job.id] });
  return mustFind(managing, job);
}

/** endedAt, and the id of the job or its schedule */
function setCancelled(dialect: Dialect, by: "id" | "schedule"): string {
  const held = dialect === "sqlite" ? "" : HELD;
  return placeholders(dialect)(`insert into jobs_ended
    (id, outcome, ended_at, attempt, crashes, error, progress, started_at, ${MOVED})
    select id, 'cancelled', cast(? as bigint), attempt, crashes, error, progress, started_at, ${MOVED}
    from jobs_active where ${by} = ? ${held}
    on conflict (id) do update set outcome = excluded.outcome, ended_at = excluded.ended_at,
      input = excluded.input, attempt = excluded.attempt, crashes = excluded.crashes, error = excluded.error,
      progress = excluded.progress, schedule = excluded.schedule, started_at = excluded.started_at,
      created_at = excluded.created_at, actor = excluded.actor, cause = excluded.cause, trace = excluded.trace`);
}

/** Ends what a schedule still has under way, whoever runs it. */
export function cancelOfSchedule(
  dialect: Dialect,
  { schedule, now }: { readonly schedule: string; readonly now: number },
): readonly DriverStatement[] {
  const to = placeholders(dialect);
  return [
    { sql: setCancelled(dialect, "schedule"), parameters: [now, schedule] },
    { sql: to(`delete from jobs_active where schedule = ?`), parameters: [schedule] },
  ];
}

/** Deletes some of the longest ended jobs, so few at a time that nobody waits for it. */
export async function forgetEnded(
  driver: Driver,
  { before, limit }: { readonly before: number; readonly limit: number },
): Promise<number> {
  const sql = placeholders(driver.dialect)(`delete from jobs_ended where id in
    (select id from jobs_ended where ended_at < ? order by ended_at limit ?)`);
  return driver.transaction(async (tx) => {
    const { changes } = await tx.execute({ sql, parameters: [before, limit] });
    return changes;
  });
}

async function mustFind({ ask, ...given }: Managing, job: NamedJob): Promise<JobView> {
  const found = await findJob(ask, given, job.id);
  const isTheirs = job.organization === undefined || found?.organization === job.organization;
  if (found === undefined || !isTheirs)
    throw raiseJobs("jobs.notFound", { params: { id: job.id } });
  return found;
}
