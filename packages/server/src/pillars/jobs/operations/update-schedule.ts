import { checkRevision, operation, Schedules } from "portico/kernel";
import { Type } from "typebox";
import { ScheduleWithNext, timingFields, viewWithNext } from "../schedule-view.ts";
import { readTarget, targetFields } from "../target.ts";

/** `PATCH /schedules/{id}`: what is left out stays as it is. */
export const updateSchedule = operation({
  id: "jobs.updateSchedule",
  method: "PATCH",
  path: "/schedules/{id}",
  summary: "Change a schedule",
  description:
    "Fields that are left out stay as they are; `catchUp`, `event` and `job` are replaced whole. It ticks by its new times " +
    "from now on.",
  access: "schedules:write",
  mode: "write",
  bodyBytesMax: 300_000,
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Type.Object(
    { ...Type.Partial(Type.Object(timingFields)).properties, ...targetFields },
    { additionalProperties: false, minProperties: 1 },
  ),
  replies: { 200: ScheduleWithNext },
  errors: [
    "schedules.notFound",
    "schedules.declared",
    "schedules.badTiming",
    "schedules.badInput",
    "schedules.unknownJob",
    "jobs.eventOrJob",
    "jobs.reservedType",
    "jobs.mayNotSchedule",
    "request.revision",
  ],
  example: {
    path: { id: "{jobs.createSchedule.id}" },
    body: { cron: "30 8 * * 1-5", pauseAfter: 5 },
    after: ["jobs.createSchedule"],
  },
  async handle({ path, body, ifMatch, caller, tx, ctx }) {
    const { event, job: asked, ...timing } = body;
    const job = readTarget(
      { ...(event && { event }), ...(asked && { job: asked }) },
      { caller, ctx },
    );
    const changed = await ctx.get(Schedules).update(tx, path.id, {
      ...timing,
      ...(job === undefined ? {} : { job }),
      check: (revision) => checkRevision(ifMatch, revision),
    });
    return viewWithNext(changed, ctx);
  },
});
