import { isId } from "../../base/index.ts";
import type { NewSchedule, Read, ScheduleChanges, Tx } from "../contract/index.ts";
import type { JobRegistry } from "../jobs/index.ts";
import { checkJob, jobColumns, mustRead, nextColumns, timingColumns, timingOf } from "./columns.ts";
import { raiseSchedules } from "./errors.ts";
import { pausedData } from "./pausing.ts";
import type { ScheduleRow, ScheduleTables } from "./tables.ts";

/** One change of one organization's schedules: the room's own handle in the caller's transaction. */
export interface Changing {
  /** Of the room, whatever plugin asks. */
  readonly own: Tx;
  readonly registry: JobRegistry;
}

/** The schedule of this id or slug. Throws `schedules.notFound`. */
export async function findSchedule(read: Pick<Read, "db">, idOrSlug: string): Promise<ScheduleRow> {
  const row = await selectOne(read, idOrSlug).executeTakeFirst();
  if (row === undefined) throw raiseSchedules("schedules.notFound", { params: { id: idOrSlug } });
  return row;
}

function selectOne(read: Pick<Read, "db">, idOrSlug: string) {
  return read
    .db<ScheduleTables>()
    .selectFrom("schedules_schedules")
    .selectAll()
    .where(isId(idOrSlug) ? "id" : "slug", "=", idOrSlug);
}

/** The same, held until the end of the transaction. */
async function holdSchedule({ own }: Changing, idOrSlug: string): Promise<ScheduleRow> {
  const row = await own.forUpdate(selectOne(own, idOrSlug)).executeTakeFirst();
  if (row === undefined) throw raiseSchedules("schedules.notFound", { params: { id: idOrSlug } });
  return row;
}

/** Adds a schedule that was read and found good. */
export async function addSchedule(
  changing: Changing,
  schedule: NewSchedule,
  id: string,
): Promise<ScheduleRow> {
  const { own, registry } = changing;
  const timing = mustRead(schedule);
  checkJob(registry, schedule.job);
  await refuseTooMany(own, schedule.countMax);
  const now = await own.now();
  const isPaused = schedule.isPaused ?? false;
  const row: ScheduleRow = {
    id,
    slug: schedule.slug ?? null,
    declared: null,
    ...jobColumns(schedule.job),
    ...timingColumns(timing),
    description: schedule.description ?? "",
    state: isPaused ? "paused" : "active",
    paused_reason: isPaused ? "caller" : null,
    ...(isPaused ? { next_at: null, fire_at: null } : nextColumns(id, timing, now)),
    last_at: null,
    failures: 0,
    revision: 1,
    actor: own.origin.actor,
    created_at: now,
    updated_at: now,
  };
  const { numInsertedOrUpdatedRows: inserted } = await own
    .db<ScheduleTables>()
    .insertInto("schedules_schedules")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (Number(inserted) === 0) {
    throw raiseSchedules("schedules.slugTaken", { params: { slug: schedule.slug ?? "" } });
  }
  return row;
}

async function refuseTooMany(own: Tx, most: number | undefined): Promise<void> {
  if (most === undefined) return;
  const found = await own
    .db<ScheduleTables>()
    .selectFrom("schedules_schedules")
    .select((row) => row.fn.countAll().as("count"))
    .where("declared", "is", null)
    .executeTakeFirst();
  const count = Number(found?.count ?? 0);
  if (count >= most) throw raiseSchedules("schedules.tooMany", { params: { count } });
}

/** Changes how a schedule ticks, or what it runs. Its next tick is found anew where its times changed. */
export async function changeSchedule(
  changing: Changing,
  idOrSlug: string,
  { check, job, description, ...given }: ScheduleChanges,
): Promise<ScheduleRow> {
  const { own, registry } = changing;
  const row = await holdSchedule(changing, idOrSlug);
  refuseDeclared(row);
  check?.(row.revision);
  const timing = mustRead({ ...timingOf(row), ...given });
  if (job !== undefined) checkJob(registry, job);
  const now = await own.now();
  return store(own, row, {
    ...timingColumns(timing),
    ...(job === undefined ? {} : jobColumns(job)),
    ...(description === undefined ? {} : { description }),
    ...(row.state === "paused" ? {} : nextColumns(row.id, timing, now)),
    updated_at: now,
  });
}

/** Takes a schedule away, with its ticks. Jobs that it made stay. */
export async function removeSchedule(changing: Changing, idOrSlug: string): Promise<ScheduleRow> {
  const { own } = changing;
  const row = await holdSchedule(changing, idOrSlug);
  refuseDeclared(row);
  await own
    .db<ScheduleTables>()
    .deleteFrom("schedules_ticks")
    .where("schedule", "=", row.id)
    .execute();
  await own
    .db<ScheduleTables>()
    .deleteFrom("schedules_schedules")
    .where("id", "=", row.id)
    .execute();
  return row;
}

/** Pauses a schedule; one that is paused stays as it is. */
export async function pauseSchedule(changing: Changing, idOrSlug: string): Promise<ScheduleRow> {
  const { own } = changing;
  const row = await holdSchedule(changing, idOrSlug);
  if (row.state === "paused") return row;
  own.emit("schedule.paused", pausedData(row, "caller"), { subject: row.id });
  return store(own, row, {
    state: "paused",
    paused_reason: "caller",
    next_at: null,
    fire_at: null,
    updated_at: await own.now(),
  });
}

/** Lets a schedule tick again from now on, its failures forgotten. */
export async function resumeSchedule(changing: Changing, idOrSlug: string): Promise<ScheduleRow> {
  const { own, registry } = changing;
  const row = await holdSchedule(changing, idOrSlug);
  if (row.state === "active") return row;
  checkJob(registry, { plugin: row.plugin, name: row.job, input: JSON.parse(row.input) });
  const now = await own.now();
  return store(own, row, {
    state: "active",
    paused_reason: null,
    failures: 0,
    ...nextColumns(row.id, mustRead(timingOf(row)), now),
    updated_at: now,
  });
}

async function store(
  own: Tx,
  row: ScheduleRow,
  changes: Partial<ScheduleRow>,
): Promise<ScheduleRow> {
  const after = { ...changes, revision: row.revision + 1 };
  await own
    .db<ScheduleTables>()
    .updateTable("schedules_schedules")
    .set(after)
    .where("id", "=", row.id)
    .execute();
  return { ...row, ...after };
}

function refuseDeclared({ id, declared, plugin }: ScheduleRow): void {
  if (declared !== null) throw raiseSchedules("schedules.declared", { params: { id, plugin } });
}
