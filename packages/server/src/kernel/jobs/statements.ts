import { placeholders } from "../log/index.ts";
import type { Dialect } from "../log/index.ts";
import { PRIORITY_STEP_MS } from "./enqueue.ts";
import { ADMITTED } from "./tables.ts";
import { ORGANIZATIONS_MAX } from "./turns.ts";

/** Columns a claim returns. */
const CLAIMED = `n, id, token, organization, plugin, name, input, key_name, "rank", attempt, crashes, schedule, created_at,
  actor, cause, trace`;
const MOVED_FIRST = `organization, plugin, name, input, key_name, priority`;
const MOVED_LAST = `crashes, progress, schedule, created_at, started_at, actor, cause, trace`;
/** The fence: the row is still in the run that this token was given for. */
const FENCE = `n = ? and token = ? and state = 'running'`;
const OF_KEY = `organization = ? and plugin = ? and name = ? and key_name = ?`;
const RELEASED = `owner = null, lease_until = null`;
const RANK = `cast(? as bigint) + (priority - 5) * ${PRIORITY_STEP_MS}`;

/** PostgreSQL: ends lock the row of the job before its end, so that two that come at once never wait for each other. */
export const HELD = `for update`;

/** A job that took its process down this often is run only when no other suspect runs. */
export const SUSPECT_CRASHES = 2;
const RUNNABLE = `case when crashes >= ${SUSPECT_CRASHES} then 'suspect' else 'ready' end`;

/** Every statement of the engine, written for one database. Comments name the parameters in order. */
export type JobStatements = ReturnType<typeof build>;

/** Writes the engine's statements for one database. */
export function jobStatements(dialect: Dialect): JobStatements {
  return build(dialect);
}

function build(dialect: Dialect) {
  const words: Words = {
    to: placeholders(dialect),
    dialect,
    locked: dialect === "sqlite" ? "" : "for update skip locked",
    held: dialect === "sqlite" ? "" : HELD,
  };
  return { ...claiming(words), ...admitting(words), ...ending(words), ...keeping(words) };
}

interface Words {
  readonly to: (sql: string) => string;
  readonly dialect: Dialect;
  readonly locked: string;
  /** Waits for whoever ends the job at the same moment, and sees its end. */
  readonly held: string;
}

function claiming({ to, locked, dialect }: Words) {
  const claim = (picked: string): string =>
    to(`with picked as materialized (${picked})
        update jobs_active set state = 'running', token = token + 1, owner = ?, started_at = ?, lease_until = ?
        where n in (select n from picked) returning ${CLAIMED}`);
  return {
    /** JSON: pairs of organization and limit; the largest limit, owner, now, leaseUntil */
    claimReady: claim(
      dialect === "sqlite"
        ? `select own.value as n from json_each(?) as asked, json_each((
             select json_group_array(n) from (select n from jobs_active
               where state = 'ready' and organization = asked.value ->> 0 order by "rank", n limit ?)
           )) as own where own.key < asked.value ->> 1`
        : `select own.n from jsonb_array_elements(cast(? as jsonb)) as asked(pair)
           cross join lateral (
             select n from jobs_active where state = 'ready' and organization = pair ->> 0 order by "rank", n
             limit least(cast(? as bigint), cast(pair ->> 1 as bigint)) ${locked}
           ) as own`,
    ),
    /** limit, owner, now, leaseUntil */
    claimSuspect: claim(
      `select n from jobs_active where state = 'suspect' order by "rank", n limit ? ${locked}`,
    ),
    /** The organization to go on after. One step of the index for each organization, however many jobs it has. */
    peek: to(`with recursive ready_of(organization, i) as (
          select min(organization), 1 from jobs_active where state = 'ready' and organization > ?
          union all
          select (select min(organization) from jobs_active
                  where state = 'ready' and organization > ready_of.organization), i + 1
          from ready_of where organization is not null and i < ${ORGANIZATIONS_MAX}
        )
        select
        (select ${dialect === "sqlite" ? "json_group_array(organization)" : "cast(json_agg(organization) as text)"}
          from ready_of where organization is not null) as organizations,
        (select 1 from jobs_active where state = 'suspect' limit 1) as suspect,
        (select min(run_at) from jobs_active where state = 'delayed') as next_at`),
    /** now */
    unfinished:
      to(`select n from jobs_active where state in ('ready', 'suspect', 'waiting', 'running')
        union all select n from jobs_active where state = 'delayed' and run_at <= ? limit 1`),
  };
}

function admitting({ to, dialect, locked }: Words) {
  const numbers = numbersIn(dialect);
  return {
    /** now, limit */
    due: to(`select n, organization, plugin, name, key_name from jobs_active
        where state = 'delayed' and run_at <= ? order by run_at, n limit ? ${locked}`),
    /** numbers */
    makeReady: to(`update jobs_active set state = ${RUNNABLE} where n in ${numbers}`),
    makeWaiting: to(`update jobs_active set state = 'waiting' where n in ${numbers}`),
    /** PostgreSQL: the key as one text */
    lockKey: to(`select pg_advisory_xact_lock(hashtextextended(?, 20260101))`),
    /** key, limit, limit, key */
    fill: to(`update jobs_active set state = ${RUNNABLE} where n in (
        select n from jobs_active where state = 'waiting' and ${OF_KEY} order by "rank", n
        limit (select case when count(*) < ? then cast(? as bigint) - count(*) else 0 end from jobs_active
               where key_name is not null and ${ADMITTED} and ${OF_KEY}))`),
    /** The key to go on after, limit */
    waitingKeys: to(`select distinct organization, plugin, name, key_name from jobs_active
        where state = 'waiting' and (organization, plugin, name, key_name) > (?, ?, ?, ?)
        order by organization, plugin, name, key_name limit ?`),
  };
}

function ending({ to, dialect, held }: Words) {
  const setAside = (outcome: "completed" | "failed" | "quarantined"): string =>
    settingAside({ to, held }, outcome);
  return {
    /** n, token */
    done: to(`delete from jobs_active where ${FENCE}`),
    /** JSON: pairs of n and token */
    doneMany: to(
      dialect === "sqlite"
        ? `delete from jobs_active where state = 'running' and (n, token) in
             (select value ->> 0, value ->> 1 from json_each(?))`
        : `delete from jobs_active where state = 'running' and (n, token) in
             (select cast(value ->> 0 as bigint), cast(value ->> 1 as bigint)
              from jsonb_array_elements(cast(? as jsonb)))`,
    ),
    /** runAt, runAt, tries to add, 0 to forgive its crashes or 1, error, n, token */
    again: to(`update jobs_active set state = 'delayed', run_at = ?, "rank" = ${RANK},
        attempt = attempt + cast(? as bigint), crashes = crashes * cast(? as bigint), error = ?, ${RELEASED} where ${FENCE}`),
    /** endedAt, error, n, token */
    complete: setAside("completed"),
    fail: setAside("failed"),
    quarantine: setAside("quarantined"),
    /** progress, n, token */
    progress: to(`update jobs_active set progress = ? where ${FENCE}`),
    /** n, token */
    isOurs: to(`select 1 as ours from jobs_active where ${FENCE}`),
    /** owner. Uncounted; key slots are kept. */
    release: to(
      `update jobs_active set state = ${RUNNABLE}, ${RELEASED} where state = 'running' and owner = ?`,
    ),
  };
}

function keeping({ to, dialect }: Words) {
  return {
    /** leaseUntil, owner, numbers. Of what this process knows to run: a claim whose answer was lost ends with its lease. */
    heartbeat: to(`update jobs_active set lease_until = ? where state = 'running' and owner = ?
        and n in ${numbersIn(dialect)} returning n, token`),
    /** now */
    expired: to(
      `select 1 as expired from jobs_active where state = 'running' and lease_until < ? limit 1`,
    ),
    /** Whose: owner */
    recoverOthers: recovery(to, `owner <> ?`),
    recoverOwner: recovery(to, `owner = ?`),
    /** Whose: now */
    recoverExpired: recovery(to, `lease_until < ?`),
  };
}

/** A list of numbers in one parameter: JSON. */
function numbersIn(dialect: Dialect): string {
  return dialect === "sqlite"
    ? `(select value from json_each(?))`
    : `(select cast(value as bigint) from jsonb_array_elements_text(cast(? as jsonb)))`;
}

function settingAside(
  { to, held }: Pick<Words, "to" | "held">,
  outcome: "completed" | "failed" | "quarantined",
): string {
  // The run that ended so was a try; a quarantined job had none.
  return to(`insert into jobs_ended (id, outcome, ended_at, ${MOVED_FIRST}, attempt, ${MOVED_LAST}, error)
    select id, '${outcome}', cast(? as bigint), ${MOVED_FIRST},
      case when '${outcome}' = 'quarantined' then attempt else attempt + 1 end, ${MOVED_LAST}, cast(? as text)
    from jobs_active where ${FENCE} ${held}
    on conflict (id) do update set outcome = excluded.outcome, ended_at = excluded.ended_at,
      input = excluded.input, attempt = excluded.attempt, crashes = excluded.crashes, error = excluded.error,
      progress = excluded.progress, schedule = excluded.schedule, started_at = excluded.started_at,
      created_at = excluded.created_at, actor = excluded.actor, cause = excluded.cause, trace = excluded.trace`);
}

/** Takes jobs from whoever ran them. Parameters: now, crashesMax, whose. */
function recovery(to: Words["to"], whose: string): string {
  // Through admission like any delayed job: it takes its key's slot anew and keeps its place. The second crash and
  // those after it wait longer, so that a start is not spent on what ends it; one that is to be set aside does not wait.
  return to(`update jobs_active set
      run_at = cast(? as bigint) + case when crashes + 1 >= ? then 0 else crashes * 500 end,
      state = 'delayed', crashes = crashes + 1, ${RELEASED} where state = 'running' and ${whose}`);
}
