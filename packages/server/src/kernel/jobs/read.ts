import type {
  JobQuery,
  JobState,
  JobView,
  SeenProgress,
  SqlRow,
  SqlValue,
} from "../contract/index.ts";
import { placeholders } from "../log/index.ts";
import type { Dialect } from "../log/index.ts";
import type { Driver, DriverResult, DriverStatement } from "../store/index.ts";
import { shownKey } from "./enqueue.ts";
import type { JobRegistry } from "./registry.ts";

/** Which jobs, of whatever organization. */
export type AnyJobQuery = Omit<JobQuery, "organization"> & {
  readonly organization?: string;
  /** Those that ended, or those that did not; both when left out. */
  readonly ended?: boolean;
};

/** Whoever answers statements: a driver, or a transaction under way. */
export type Ask = (statement: DriverStatement) => Promise<DriverResult>;

const ENDED_STATES = new Set<JobState>(["completed", "failed", "quarantined", "cancelled"]);
const LIMIT_MAX = 1_000;

const SHARED = `organization, plugin, name, input, key_name, priority, attempt, crashes, error, progress, schedule,
  created_at, started_at, actor, cause, trace`;
const ACTIVE = `select id, case when state = 'suspect' then 'ready' else state end as state, run_at, null as ended_at,
  ${SHARED} from jobs_active`;
const ENDED = `select id, outcome as state, null as run_at, ended_at, ${SHARED} from jobs_ended`;

/** One page of jobs, newest first. */
export async function listJobs(
  { driver, registry }: { readonly driver: Driver; readonly registry: JobRegistry },
  query: AnyJobQuery,
): Promise<readonly JobView[]> {
  const limit = Math.min(query.limit, LIMIT_MAX);
  const pages = await Promise.all(
    tablesOf(query).map(async (table) => {
      const { rows } = await driver.query(pageOf(driver.dialect, { table, query, limit }));
      return rows;
    }),
  );
  return pages
    .flat()
    .map((row) => toView(row, registry))
    .toSorted((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
    .slice(0, limit);
}

function tablesOf({ state, ended }: AnyJobQuery): readonly string[] {
  const isEnded = state === undefined ? ended : ENDED_STATES.has(state);
  if (isEnded === undefined) return [ACTIVE, ENDED];
  return [isEnded ? ENDED : ACTIVE];
}

function pageOf(
  dialect: Dialect,
  {
    table,
    query,
    limit,
  }: { readonly table: string; readonly query: AnyJobQuery; readonly limit: number },
): DriverStatement {
  const conditions: string[] = [];
  const parameters: SqlValue[] = [];
  const ask = (condition: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    parameters.push(value);
  };
  ask("organization = ?", query.organization);
  ask("plugin = ?", query.plugin);
  ask("name = ?", query.name);
  ask("key_name = ?", query.key);
  ask("schedule = ?", query.schedule);
  if (query.state !== undefined) {
    if (query.state === "ready") conditions.push("state in ('ready', 'suspect')");
    else ask(table === ENDED ? "outcome = ?" : "state = ?", query.state);
  }
  if (query.before !== undefined) {
    conditions.push("(created_at, id) < (?, ?)");
    parameters.push(...query.before);
  }
  const where = conditions.length === 0 ? "" : ` where ${conditions.join(" and ")}`;
  const sql = `${table}${where} order by created_at desc, id desc limit ?`;
  return { sql: placeholders(dialect)(sql), parameters: [...parameters, limit] };
}

/** One job, unless it is done and not kept. */
export async function findJob(
  ask: Ask,
  { dialect, registry }: { readonly dialect: Dialect; readonly registry: JobRegistry },
  id: string,
): Promise<JobView | undefined> {
  const to = placeholders(dialect);
  for (const table of [ACTIVE, ENDED]) {
    const { rows } = await ask({ sql: to(`${table} where id = ?`), parameters: [id] });
    if (rows[0] !== undefined) return toView(rows[0], registry);
  }
  return undefined;
}

function toView(row: SqlRow, registry: JobRegistry): JobView {
  const createdAt = Number(row["created_at"]);
  const runAt = numberOrNull(row["run_at"]);
  const plugin = String(row["plugin"]);
  const name = String(row["name"]);
  return {
    id: String(row["id"]),
    organization: String(row["organization"]),
    plugin,
    name,
    // Written by this room only.
    state: String(row["state"]) as JobState,
    key: shownKey(textOrNull(row["key_name"])),
    priority: Number(row["priority"]),
    attempt: Number(row["attempt"]),
    crashes: Number(row["crashes"]),
    error: textOrNull(row["error"]),
    progress: toProgress(textOrNull(row["progress"])),
    input: shown(String(row["input"]), registry.find(plugin, name)?.definition.shows ?? []),
    schedule: textOrNull(row["schedule"]),
    createdAt,
    // Enqueued without a time: due at once.
    runAt: runAt === null ? null : Math.max(runAt, createdAt),
    startedAt: numberOrNull(row["started_at"]),
    endedAt: numberOrNull(row["ended_at"]),
    actor: String(row["actor"]),
    cause: String(row["cause"]),
    trace: String(row["trace"]),
  };
}

/** Only what the definition names: an input may hold what its organization must not read. */
function shown(json: string, fields: readonly string[]): Readonly<Record<string, unknown>> {
  if (fields.length === 0) return {};
  const input: unknown = JSON.parse(json);
  if (typeof input !== "object" || input === null) return {};
  return Object.fromEntries(Object.entries(input).filter(([field]) => fields.includes(field)));
}

function toProgress(json: string | null): SeenProgress | null {
  // Written by `progress.ts` only.
  return json === null ? null : (JSON.parse(json) as SeenProgress);
}

function textOrNull(value: SqlValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}

function numberOrNull(value: SqlValue | undefined): number | null {
  return value === null || value === undefined ? null : Number(value);
}
