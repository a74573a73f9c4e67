import { operation, Schedules } from "portico/kernel";
import { Type } from "typebox";

/** `DELETE /schedules/{id}` */
export const deleteSchedule = operation({
  id: "jobs.deleteSchedule",
  method: "DELETE",
  path: "/schedules/{id}",
  summary: "Delete a schedule",
  description: "Jobs that it made run to their end; cancel those that should not.",
  access: "schedules:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 204: null },
  errors: ["schedules.notFound", "schedules.declared"],
  example: { path: { id: "{jobs.createSchedule.id}" }, after: ["jobs.createSchedule"] },
  async handle({ path, tx, ctx }) {
    await ctx.get(Schedules).remove(tx, path.id);
    return undefined;
  },
});
