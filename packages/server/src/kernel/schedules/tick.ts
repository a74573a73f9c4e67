import { isProblem, toRfc3339 } from "../../base/index.ts";
import type { Append, Origin, SqlRow } from "../contract/index.ts";
import { cancelOfSchedule, scheduledOptions, TAKEN } from "../jobs/index.ts";
import { placeholders } from "../log/index.ts";
import type { AppendSession, DriverStatement, StoreHub } from "../store/index.ts";
import type { Plan } from "./plan.ts";
import type { ScheduleRow, TickRow } from "./tables.ts";
import { AT_ONCE, fireAt } from "./timing.ts";

/** Of the jobs of a schedule whose overlap is `queue`, so many wait at most. */
const QUEUE_MAX = 100;

/** A schedule of any organization. */
export type AnySchedule = ScheduleRow & { readonly organization: string };

/** What ticking needs. */
export interface Ticking {
  readonly hub: StoreHub;
  readonly newOrigin: (schedule: AnySchedule) => Origin;
}

/** What is due of one schedule, and when it was found to be. */
export interface Due {
  readonly schedule: AnySchedule;
  readonly plan: Plan;
  readonly now: number;
}

/**
 * Makes due ticks true: tick rows, jobs and the next time in one transaction. False when another process came first, or
 * the schedule was changed meanwhile: then nothing of it was stored. Ticks that came before, by a clock that has been set
 * back since, do not come again; the schedule goes on behind them.
 */
export async function tick(ticking: Ticking, due: Due): Promise<boolean> {
  if (await store(ticking, due)) return true;
  const plan = await withoutKnown(ticking, due);
  return plan !== due.plan && (await store(ticking, { ...due, plan }));
}

/** The plan without the ticks that have a row; the same plan where none of them has. */
async function withoutKnown({ hub }: Ticking, { schedule, plan }: Due): Promise<Plan> {
  const { driver } = hub;
  const ticks = [...plan.runs, ...(plan.missed === undefined ? [] : [plan.missed.to])];
  const { rows } = await driver.query({
    sql: placeholders(driver.dialect)(`select tick_at from schedules_ticks
      where organization = ? and schedule = ? and tick_at in (${ticks.map(() => "?").join(", ")})`),
    parameters: [schedule.organization, schedule.id, ...ticks],
  });
  const known = new Set(rows.map((row) => Number(row["tick_at"])));
  if (known.size === 0) return plan;
  const isNew = (at: number): boolean => !known.has(at);
  const { missed } = plan;
  return {
    ...plan,
    runs: plan.runs.filter(isNew),
    missed: missed !== undefined && isNew(missed.to) ? missed : undefined,
  };
}

async function store(ticking: Ticking, { schedule, plan, now }: Due): Promise<boolean> {
  const { hub } = ticking;
  const unfinished = plan.runs.length === 0 ? 0 : await countUnfinished(hub, schedule.id);
  const { organization } = schedule;
  const origin = ticking.newOrigin(schedule);
  try {
    await hub.append({ scope: { organization }, origin }, (session) => {
      const ticks = makeJobs(session, {
        schedule,
        plan,
        now,
        unfinished,
        dialect: hub.driver.dialect,
      });
      for (const row of ticks) session.add(insertTick(hub, schedule, row));
      session.add(advance(hub, { schedule, plan, now }));
      tellMissed(session.as("schedules"), schedule, plan);
    });
    return true;
  } catch (error) {
    if (isProblem(error) && error.code === "store.conflict") return false;
    throw error;
  }
}

interface Making {
  readonly schedule: AnySchedule;
  readonly plan: Plan;
  readonly now: number;
  readonly unfinished: number;
  readonly dialect: "sqlite" | "postgres";
}

/** Enqueues what the overlap lets through, and says of each tick what became of it. */
function makeJobs(session: AppendSession, making: Making): readonly TickRow[] {
  const { schedule, plan, now, dialect } = making;
  let { unfinished } = making;
  const { id, overlap } = schedule;
  const { missed } = plan;
  const rows: TickRow[] =
    missed === undefined
      ? []
      : [{ schedule: id, tick_at: missed.to, outcome: "missed", job: null, at: now }];
  const batch = session.as(schedule.plugin);
  const newest = plan.runs.at(-1);
  for (const at of plan.runs) {
    const isSkipped =
      overlap === "cancel" ? at !== newest : unfinished >= (overlap === "queue" ? QUEUE_MAX : 1);
    if (isSkipped) {
      rows.push({ schedule: id, tick_at: at, outcome: "skipped", job: null, at: now });
      continue;
    }
    if (overlap === "cancel" && unfinished > 0) {
      for (const each of cancelOfSchedule(dialect, { schedule: id, now })) session.add(each);
      // Where they run, they learn it at their next heartbeat at the latest.
      batch.changed(TAKEN, id);
    }
    rows.push({
      schedule: id,
      tick_at: at,
      outcome: "run",
      job: enqueueOf(batch, schedule),
      at: now,
    });
    unfinished += 1;
  }
  return rows;
}

/** Enqueues the job of a schedule. */
export function enqueueOf(
  batch: Pick<Append, "enqueue">,
  schedule: Pick<ScheduleRow, "id" | "job" | "input" | "overlap">,
  afterMs?: number,
): string {
  const { id, job, input, overlap } = schedule;
  const options = scheduledOptions({ schedule: id, isAlone: overlap === "queue" });
  return batch.enqueue(
    job,
    JSON.parse(input),
    afterMs === undefined ? options : { ...options, afterMs },
  );
}

/** The fence of a tick: one row for each, and only while the schedule still stands before it. */
function insertTick(hub: StoreHub, schedule: AnySchedule, row: TickRow): DriverStatement {
  const { tick_at, outcome, job, at } = row;
  const { organization, id, next_at, revision } = schedule;
  return {
    sql: placeholders(hub.driver.dialect)(`insert into schedules_ticks
      (organization, schedule, tick_at, outcome, job, at)
      select organization, id, cast(? as bigint), cast(? as text), cast(? as text), cast(? as bigint)
      from schedules_schedules
      where organization = ? and id = ? and state = 'active' and next_at = ? and revision = ?
      on conflict do nothing`),
    parameters: [tick_at, outcome, job, at, organization, id, next_at, revision],
    rows: 1,
  };
}

function advance(hub: StoreHub, { schedule, plan, now }: Due): DriverStatement {
  const { organization, id, revision } = schedule;
  const { next_at } = schedule;
  const next = plan.nextAt ?? null;
  const fire = next === null ? null : fireAt({ id, jitterMs: schedule.jitter_ms }, next);
  const last = Math.max(plan.runs.at(-1) ?? 0, plan.missed?.to ?? 0);
  const lastAt = last === 0 ? schedule.last_at : last;
  return {
    sql: placeholders(hub.driver.dialect)(`update schedules_schedules
      set next_at = ?, last_at = ?, updated_at = ?,
        fire_at = case when pause_after > 0 and failures >= pause_after then ${AT_ONCE} else cast(? as bigint) end
      where organization = ? and id = ? and revision = ? and state = 'active' and next_at = ?`),
    parameters: [next, lastAt, now, fire, organization, id, revision, next_at],
    rows: 1,
  };
}

function tellMissed(batch: Append, schedule: AnySchedule, { missed }: Plan): void {
  if (missed === undefined) return;
  const { count, isMore, from, to } = missed;
  const data = { id: schedule.id, job: `${schedule.plugin}.${schedule.job}`, count, isMore };
  batch.emit(
    "schedule.missed",
    { ...data, from: toRfc3339(from), to: toRfc3339(to) },
    { subject: schedule.id },
  );
}

async function countUnfinished({ driver }: StoreHub, schedule: string): Promise<number> {
  const sql = placeholders(driver.dialect)(
    `select count(*) as many from (select 1 from jobs_active where schedule = ? limit ${QUEUE_MAX}) as found`,
  );
  const { rows } = await driver.query({ sql, parameters: [schedule] });
  return Number(rows[0]?.["many"] ?? 0);
}

/** Reads a row as the drivers give it. */
export function toSchedule(row: SqlRow): AnySchedule {
  // Selected whole from a table that this room alone writes.
  return row as unknown as AnySchedule;
}
