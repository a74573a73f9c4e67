import { placeholders } from "../log/index.ts";
import type { Dialect } from "../log/index.ts";
import type { DriverStatement } from "../store/index.ts";
import type { ScheduleRow } from "./tables.ts";
import type { AnySchedule } from "./tick.ts";
import { AT_ONCE } from "./timing.ts";

/** Pauses a schedule as it was read; changes no row when it is no longer so. */
export function pauseStatement(
  dialect: Dialect,
  {
    schedule,
    reason,
    now,
  }: { readonly schedule: AnySchedule; readonly reason: string; readonly now: number },
): DriverStatement {
  const { organization, id, revision } = schedule;
  return {
    sql: placeholders(dialect)(`update schedules_schedules
      set state = 'paused', paused_reason = ?, next_at = null, fire_at = null, revision = revision + 1, updated_at = ?
      where organization = ? and id = ? and revision = ? and state = 'active'`),
    parameters: [reason, now, organization, id, revision],
    rows: 1,
  };
}

/** What `schedule.paused` tells. */
export function pausedData(
  { id, plugin, job, failures }: Pick<ScheduleRow, "id" | "plugin" | "job" | "failures">,
  reason: string,
): Readonly<Record<string, unknown>> {
  return { id, job: `${plugin}.${job}`, reason, failures };
}

/** What a schedule writes about the end of a job of its: failures in a row are counted, and forgotten by one that is done. */
export function endOfScheduled(
  dialect: Dialect,
  schedule: string,
  end: "done" | "failed",
): readonly DriverStatement[] {
  const sql =
    end === "done"
      ? `update schedules_schedules set failures = 0 where id = ? and failures <> 0`
      : `update schedules_schedules set failures = failures + 1,
           fire_at = case when state = 'active' and pause_after > 0 and failures + 1 >= pause_after
             then ${AT_ONCE} else fire_at end
         where id = ?`;
  return [{ sql: placeholders(dialect)(sql), parameters: [schedule] }];
}
