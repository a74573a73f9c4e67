import type { ScheduledJob, ScheduleTiming } from "../contract/index.ts";
import type { JobRegistry } from "../jobs/index.ts";
import { raiseSchedules } from "./errors.ts";
import type { ScheduleRow } from "./tables.ts";
import { fireAt, readTiming } from "./timing.ts";
import type { ReadTiming } from "./timing.ts";

/** Reads a timing; throws `schedules.badTiming` with a pointer to each mistake. */
export function mustRead(timing: ScheduleTiming): ReadTiming {
  const read = readTiming(timing);
  if ("timing" in read) return read.timing;
  const { mistakes } = read;
  const reason = mistakes.map(({ detail }) => detail).join("; ");
  throw raiseSchedules("schedules.badTiming", { params: { reason }, errors: [...mistakes] });
}

/** The timing of a stored schedule as it is written. */
export function timingOf(row: ScheduleRow): ScheduleTiming {
  return {
    cron: row.cron,
    zone: row.zone,
    catchUp: { window: `${row.window_ms}ms`, max: row.catch_up_max },
    overlap: row.overlap,
    jitter: `${row.jitter_ms}ms`,
    pauseAfter: row.pause_after,
  };
}

/** Throws `schedules.unknownJob` and `schedules.badInput`. */
export function checkJob(registry: JobRegistry, { plugin, name, input }: ScheduledJob): void {
  const job = `${plugin}.${name}`;
  const registered = registry.find(plugin, name);
  if (registered === undefined) throw raiseSchedules("schedules.unknownJob", { params: { job } });
  const reason = registered.wrong(input ?? null);
  if (reason !== undefined) throw raiseSchedules("schedules.badInput", { params: { job, reason } });
}

/** The columns of a timing. */
export function timingColumns(
  timing: ReadTiming,
): Pick<
  ScheduleRow,
  "cron" | "zone" | "window_ms" | "catch_up_max" | "overlap" | "jitter_ms" | "pause_after"
> {
  return {
    cron: timing.cron,
    zone: timing.zone,
    window_ms: timing.windowMs,
    catch_up_max: timing.max,
    overlap: timing.overlap,
    jitter_ms: timing.jitterMs,
    pause_after: timing.pauseAfter,
  };
}

/** The columns of a job. */
export function jobColumns({
  plugin,
  name,
  input,
}: ScheduledJob): Pick<ScheduleRow, "plugin" | "job" | "input"> {
  return { plugin, job: name, input: JSON.stringify(input ?? null) };
}

/** When a schedule ticks next after a time. */
export function nextColumns(
  id: string,
  timing: Pick<ReadTiming, "times" | "jitterMs">,
  after: number,
): Pick<ScheduleRow, "next_at" | "fire_at"> {
  const next = timing.times.next(after);
  if (next === undefined) return { next_at: null, fire_at: null };
  return { next_at: next, fire_at: fireAt({ id, jitterMs: timing.jitterMs }, next) };
}
