import { operation, Schedules } from "portico/kernel";
import { Type } from "typebox";
import { ScheduleWithNext, viewWithNext } from "../schedule-view.ts";

/** `GET /schedules/{id}` */
export const getSchedule = operation({
  id: "jobs.getSchedule",
  method: "GET",
  path: "/schedules/{id}",
  summary: "Read a schedule",
  access: "schedules:read",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: ScheduleWithNext },
  errors: ["schedules.notFound"],
  example: { path: { id: "{jobs.createSchedule.id}" }, after: ["jobs.createSchedule"] },
  handle: async ({ path, caller, ctx }) =>
    viewWithNext(await ctx.get(Schedules).get(caller.organization, path.id), ctx),
});
