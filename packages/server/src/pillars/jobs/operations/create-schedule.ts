import { operation, Schedules } from "portico/kernel";
import { Type } from "typebox";
import { raise } from "../errors.ts";
import { ScheduleWithNext, timingFields, viewWithNext } from "../schedule-view.ts";
import { settingsOf } from "../settings.ts";
import { readTarget, targetFields } from "../target.ts";

const { cron, ...rest } = timingFields;

/** `POST /schedules` */
export const createSchedule = operation({
  id: "jobs.createSchedule",
  method: "POST",
  path: "/schedules",
  summary: "Create a schedule",
  description:
    "Publishes an event, or runs a job that its plugin lets callers schedule, by a pattern in a time zone. Each tick comes " +
    "at most once, over any number of processes.",
  access: "schedules:write",
  mode: "write",
  idempotent: true,
  bodyBytesMax: 300_000,
  body: Type.Object(
    {
      cron,
      ...Type.Partial(Type.Object(rest)).properties,
      ...targetFields,
      slug: Type.Optional(Type.String({ pattern: "^[a-z][a-z0-9-]{1,62}$" })),
      active: Type.Optional(Type.Boolean({ description: "False: it begins paused." })),
    },
    { additionalProperties: false },
  ),
  replies: { 201: ScheduleWithNext },
  errors: [
    "jobs.eventOrJob",
    "jobs.reservedType",
    "jobs.mayNotSchedule",
    "schedules.badTiming",
    "schedules.badInput",
    "schedules.unknownJob",
    "schedules.slugTaken",
    "schedules.tooMany",
  ],
  example: {
    body: {
      cron: "0 8 * * 1-5",
      zone: "Europe/Berlin",
      event: { type: "day.began", data: { office: "Berlin" } },
    },
    refused: {
      "schedules.slugTaken": {
        body: { cron: "@daily", slug: "daily", event: { type: "day.ended", data: {} } },
        times: 2,
      },
    },
  },
  async handle({ body, caller, tx, ctx }) {
    const { event, job: asked, active = true, ...timing } = body;
    const job = readTarget(
      { ...(event && { event }), ...(asked && { job: asked }) },
      { caller, ctx },
    );
    if (job === undefined) throw raise("jobs.eventOrJob");
    const made = await ctx.get(Schedules).create(tx, {
      ...timing,
      job,
      isPaused: !active,
      countMax: settingsOf(ctx).schedulesMax,
    });
    return viewWithNext(made, ctx);
  },
});
