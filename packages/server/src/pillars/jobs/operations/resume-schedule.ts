import { operation, Schedules } from "portico/kernel";
import { Type } from "typebox";
import { ScheduleWithNext, viewWithNext } from "../schedule-view.ts";

/** `POST /schedules/{id}/resume` */
export const resumeSchedule = operation({
  id: "jobs.resumeSchedule",
  method: "POST",
  path: "/schedules/{id}/resume",
  summary: "Resume a schedule",
  description: "It ticks again from now on, its failures forgotten.",
  access: "schedules:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: ScheduleWithNext },
  errors: ["schedules.notFound", "schedules.badInput", "schedules.unknownJob"],
  example: {
    path: { id: "{jobs.createSchedule.id}" },
    after: ["jobs.createSchedule", "jobs.pauseSchedule"],
  },
  handle: async ({ path, tx, ctx }) =>
    viewWithNext(await ctx.get(Schedules).resume(tx, path.id), ctx),
});
