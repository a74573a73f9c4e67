import { Schedules, toRfc3339 } from "portico/kernel";
import type { PluginContext, ScheduleView as SeenSchedule } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";

const PREVIEWED = 10;
const Time = Type.String({ format: "date-time" });
const TimeOrNull = Type.Union([Time, Type.Null()]);
const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const Duration = (description: string) =>
  Type.String({ pattern: "^\\d{1,12}(ms|s|m|min|h|d)$", description });

/** How a schedule ticks, as callers write it. */
export const timingFields = {
  cron: Type.String({
    minLength: 1,
    maxLength: 200,
    description:
      "Minute, hour, day of the month, month, day of the week; six fields begin with seconds. `@daily` and its like.",
  }),
  zone: Type.String({
    minLength: 1,
    maxLength: 64,
    description: "IANA name; `UTC` when left out.",
  }),
  catchUp: Type.Object(
    {
      window: Type.Optional(Duration("How old a tick may be to be made up; `1h` when left out.")),
      max: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 100, description: "How many are; 1 when left out." }),
      ),
    },
    { additionalProperties: false, description: "Ticks that nobody was there for." },
  ),
  overlap: Type.Union([Type.Literal("skip"), Type.Literal("queue"), Type.Literal("cancel")], {
    description:
      "While the job of an earlier tick has not ended: `skip` the tick (when left out), `queue` its job, or `cancel` the earlier.",
  }),
  jitter: Duration("Up to this long after its tick a job begins; the same for the same tick."),
  pauseAfter: Type.Integer({
    minimum: 0,
    maximum: 1_000,
    description: "Jobs failed in a row after which it is paused; 0 for never.",
  }),
  description: Type.String({ maxLength: 1_000 }),
};

/** One time of a pattern. */
export const TickTime = Type.Object({
  at: Time,
  local: Type.String({ description: "The same on the clocks of the zone: `2026-03-29 03:00:00`." }),
});

/** One schedule as callers see it. */
export const ScheduleView = Type.Object({
  id: Type.String(),
  slug: TextOrNull,
  declaredBy: Type.Union([Type.String(), Type.Null()], {
    description: "`notes.digest` where a plugin declares it: it changes with the plugin only.",
  }),
  event: Type.Union(
    [Type.Object({ type: Type.String(), data: Type.Unknown(), subject: TextOrNull }), Type.Null()],
    { description: "What it publishes; null when it runs a job." },
  ),
  job: Type.Union([Type.Object({ name: Type.String(), input: Type.Unknown() }), Type.Null()]),
  cron: Type.String(),
  zone: Type.String(),
  catchUp: Type.Object({ window: Type.String(), max: Type.Integer() }),
  overlap: timingFields.overlap,
  jitter: Type.String(),
  pauseAfter: Type.Integer(),
  description: Type.String(),
  state: Type.Union([Type.Literal("active"), Type.Literal("paused")]),
  pausedReason: TextOrNull,
  nextAt: TimeOrNull,
  lastAt: TimeOrNull,
  failures: Type.Integer({ description: "Of its jobs, since one was done." }),
  revision: Type.Integer(),
  createdAt: Time,
  updatedAt: Time,
});

/** One schedule with its next ten ticks. */
export const ScheduleWithNext = Type.Object({
  ...ScheduleView.properties,
  next: Type.Array(TickTime, {
    description: "The next ten ticks, before jitter; none while paused.",
  }),
});

/** A schedule in the form callers see. */
export function viewSchedule(schedule: SeenSchedule): Static<typeof ScheduleView> {
  const { job } = schedule;
  const isEvent = job.plugin === "jobs" && job.name === "publish";
  return {
    id: schedule.id,
    slug: schedule.slug,
    declaredBy: schedule.declared,
    event: isEvent ? eventOf(job.input) : null,
    job: isEvent ? null : { name: `${job.plugin}.${job.name}`, input: job.input },
    cron: schedule.cron,
    zone: schedule.zone,
    catchUp: { window: `${schedule.catchUp.windowMs / 1_000}s`, max: schedule.catchUp.max },
    overlap: schedule.overlap,
    jitter: `${schedule.jitterMs}ms`,
    pauseAfter: schedule.pauseAfter,
    description: schedule.description,
    state: schedule.state,
    pausedReason: schedule.pausedReason,
    nextAt: timeOf(schedule.nextAt),
    lastAt: timeOf(schedule.lastAt),
    failures: schedule.failures,
    revision: schedule.revision,
    createdAt: toRfc3339(schedule.createdAt),
    updatedAt: toRfc3339(schedule.updatedAt),
  };
}

/** The same with its next ticks. */
export function viewWithNext(
  schedule: SeenSchedule,
  ctx: PluginContext,
): Static<typeof ScheduleWithNext> {
  const { nextAt } = schedule;
  const view = viewSchedule(schedule);
  if (nextAt === null) return { ...view, next: [] };
  // From right before the next: what is stored comes first, also where it is overdue.
  const times = ctx.get(Schedules).preview(schedule, nextAt - 1_000, PREVIEWED);
  return { ...view, next: viewTimes(times, schedule.zone) };
}

/** Times with what the clocks of a zone show then. */
export function viewTimes(times: readonly number[], zone: string): Static<typeof TickTime>[] {
  const clock = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "medium",
  });
  return times.map((at) => ({ at: toRfc3339(at), local: clock.format(at) }));
}

function eventOf(input: unknown): { type: string; data: unknown; subject: string | null } {
  // Stored by `readTarget`, checked by the schema of `publish`.
  const { type, data, subject } = input as { type: string; data: unknown; subject?: string };
  return { type, data, subject: subject ?? null };
}

function timeOf(at: number | null): string | null {
  return at === null ? null : toRfc3339(at);
}
