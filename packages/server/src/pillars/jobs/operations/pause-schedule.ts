import { operation, Schedules } from "portico/kernel";
import { Type } from "typebox";
import { ScheduleWithNext, viewWithNext } from "../schedule-view.ts";

/** `POST /schedules/{id}/pause` */
export const pauseSchedule = operation({
  id: "jobs.pauseSchedule",
  method: "POST",
  path: "/schedules/{id}/pause",
  summary: "Pause a schedule",
  description: "It does not tick until it is resumed, and misses nothing meanwhile.",
  access: "schedules:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: ScheduleWithNext },
  errors: ["schedules.notFound"],
  example: { path: { id: "{jobs.createSchedule.id}" }, after: ["jobs.createSchedule"] },
  handle: async ({ path, tx, ctx }) =>
    viewWithNext(await ctx.get(Schedules).pause(tx, path.id), ctx),
});
