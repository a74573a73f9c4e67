import type { SqlRow, SqlValue } from "../contract/index.ts";
import { placeholders } from "../log/index.ts";
import type { Driver } from "../store/index.ts";
import { PRIORITY_STEP_MS } from "./enqueue.ts";
import { raiseJobs } from "./errors.ts";

/** Where a job stands. `waiting`: its key has no free slot. */
export type JobState =
  "delayed" | "waiting" | "ready" | "running" | "failed" | "quarantined" | "cancelled";

/** A job as operators see it. Jobs that are done are gone. */
export interface JobView {
  readonly id: string;
  readonly organization: string;
  readonly plugin: string;
  readonly name: string;
  readonly state: JobState;
  readonly key: string | null;
  readonly priority: number;
  /** Tries that ended. */
  readonly attempt: number;
  readonly crashes: number;
  /** What the last failure said. */
  readonly error: string | null;
  /** Milliseconds since 1970, UTC. */
  readonly createdAt: number;
  /** Not before this time; null for jobs that ended. */
  readonly runAt: number | null;
  readonly endedAt: number | null;
  readonly trace: string;
}

/** Which jobs a page holds: those that have not ended, oldest first, or those that ended badly. */
export interface JobQuery {
  readonly ended: boolean;
  readonly organization?: string;
  readonly plugin?: string;
  readonly name?: string;
  /** Id to go on after. */
  readonly after?: string;
  /** At most 1,000. */
  readonly limit: number;
}

const MOVED = `organization, plugin, name, input, key_name, priority, created_at, actor, cause, trace`;
const ACTIVE = `select id, case when state = 'suspect' then 'ready' else state end as state, run_at,
  null as ended_at, organization, plugin, name, key_name, priority, attempt, crashes, error, created_at, trace
  from jobs_active`;
const ENDED = `select id, outcome as state, null as run_at, ended_at, organization, plugin, name, key_name, priority,
  attempt, crashes, error, created_at, trace from jobs_ended`;

/** One page of jobs in the order of their ids, which is the order of their making. */
export async function listJobs(driver: Driver, query: JobQuery): Promise<readonly JobView[]> {
  const conditions: string[] = [];
  const parameters: SqlValue[] = [];
  const ask = (condition: string, value: string | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    parameters.push(value);
  };
  ask("organization = ?", query.organization);
  ask("plugin = ?", query.plugin);
  ask("name = ?", query.name);
  ask("id > ?", query.after);
  const where = conditions.length === 0 ? "" : ` where ${conditions.join(" and ")}`;
  const sql = `${query.ended ? ENDED : ACTIVE}${where} order by id limit ?`;
  const { rows } = await driver.query({
    sql: placeholders(driver.dialect)(sql),
    parameters: [...parameters, Math.min(query.limit, 1_000)],
  });
  return rows.map(toView);
}

/** One job, unless it is done. */
export async function findJob(driver: Driver, id: string): Promise<JobView | undefined> {
  const to = placeholders(driver.dialect);
  for (const table of [ACTIVE, ENDED]) {
    const { rows } = await driver.query({ sql: to(`${table} where id = ?`), parameters: [id] });
    if (rows[0] !== undefined) return toView(rows[0]);
  }
  return undefined;
}

/** Moves an ended job back among the others. */
export async function retryJob(driver: Driver, id: string): Promise<void> {
  const to = placeholders(driver.dialect);
  const now = await driver.now();
  const refusal = await driver.append([
    {
      sql: to(`insert into jobs_active (id, state, "rank", run_at, token, attempt, crashes, ${MOVED})
        select id, 'delayed', cast(? as bigint) + (priority - 5) * ${PRIORITY_STEP_MS}, cast(? as bigint), 0, 0, 0, ${MOVED}
        from jobs_ended where id = ? on conflict (id) do nothing`),
      parameters: [now, now, id],
      rows: 1,
    },
    { sql: to(`delete from jobs_ended where id = ?`), parameters: [id], rows: 1 },
  ]);
  if (refusal === undefined) return;
  const found = await findJob(driver, id);
  throw raiseJobs(found === undefined ? "jobs.notFound" : "jobs.active", { params: { id } });
}

/** Moves a job out of every run's reach. */
export async function cancelJob(driver: Driver, id: string): Promise<void> {
  const to = placeholders(driver.dialect);
  const refusal = await driver.append([
    {
      sql: to(`insert into jobs_ended (id, outcome, ended_at, attempt, crashes, error, ${MOVED})
        select id, 'cancelled', cast(? as bigint), attempt, crashes, error, ${MOVED} from jobs_active where id = ?
        on conflict (id) do update set outcome = excluded.outcome, ended_at = excluded.ended_at,
          input = excluded.input, attempt = excluded.attempt, crashes = excluded.crashes, error = excluded.error`),
      parameters: [await driver.now(), id],
      rows: 1,
    },
    { sql: to(`delete from jobs_active where id = ?`), parameters: [id], rows: 1 },
  ]);
  if (refusal !== undefined) throw raiseJobs("jobs.notFound", { params: { id } });
}

function toView(row: SqlRow): JobView {
  const createdAt = Number(row["created_at"]);
  const runAt = numberOrNull(row["run_at"]);
  return {
    id: String(row["id"]),
    organization: String(row["organization"]),
    plugin: String(row["plugin"]),
    name: String(row["name"]),
    // Written by this room only.
    state: String(row["state"]) as JobState,
    key: textOrNull(row["key_name"]),
    priority: Number(row["priority"]),
    attempt: Number(row["attempt"]),
    crashes: Number(row["crashes"]),
    error: textOrNull(row["error"]),
    createdAt,
    // Enqueued without a time: due at once.
    runAt: runAt === null ? null : Math.max(runAt, createdAt),
    endedAt: numberOrNull(row["ended_at"]),
    trace: String(row["trace"]),
  };
}

function textOrNull(value: SqlValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

function numberOrNull(value: SqlValue | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
