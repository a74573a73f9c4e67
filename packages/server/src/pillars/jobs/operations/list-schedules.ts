import { listOf, operation, pageQuery, Schedules } from "portico/kernel";
import { Type } from "typebox";
import { ScheduleView, viewSchedule } from "../schedule-view.ts";

/** `GET /schedules` */
export const listSchedules = operation({
  id: "jobs.listSchedules",
  method: "GET",
  path: "/schedules",
  summary: "List schedules",
  access: "schedules:read",
  mode: "read",
  query: Type.Object(
    { ...pageQuery, state: Type.Optional(ScheduleView.properties.state) },
    { additionalProperties: false },
  ),
  replies: { 200: listOf(ScheduleView) },
  example: { query: { limit: "10" } },
  handle: async ({ query, caller, ctx, cursor }) => {
    const { state, limit = 50 } = query;
    const after = cursor.after?.[0];
    const found = await ctx.get(Schedules).list({
      organization: caller.organization,
      limit: limit + 1,
      ...(state === undefined ? {} : { state }),
      ...(after === undefined ? {} : { after: String(after) }),
    });
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(viewSchedule),
      next: last === undefined ? null : cursor.next([last.id]),
    };
  },
});
