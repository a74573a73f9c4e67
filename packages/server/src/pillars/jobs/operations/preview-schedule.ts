import { operation, Schedules } from "portico/kernel";
import { Type } from "typebox";
import { TickTime, timingFields, viewTimes } from "../schedule-view.ts";

/** `POST /schedules/preview`: stores nothing. */
export const previewSchedule = operation({
  id: "jobs.previewSchedule",
  method: "POST",
  path: "/schedules/preview",
  summary: "Preview a pattern",
  description:
    "The next ten times of a pattern in a zone, as UTC and as the zone's clocks show them.",
  access: "schedules:read",
  mode: "read",
  audit: "none",
  body: Type.Object(
    {
      cron: timingFields.cron,
      zone: Type.Optional(timingFields.zone),
      after: Type.Optional(Type.String({ format: "date-time", description: "Now when left out." })),
      count: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
    },
    { additionalProperties: false },
  ),
  replies: { 200: Type.Object({ zone: Type.String(), next: Type.Array(TickTime) }) },
  errors: ["schedules.badTiming"],
  example: { body: { cron: "30 2 * * *", zone: "Europe/Berlin", after: "2026-03-28T12:00:00Z" } },
  handle: ({ body, ctx }) => {
    const { cron, zone = "UTC", after, count = 10 } = body;
    const from = after === undefined ? ctx.clock.now() : Date.parse(after);
    const times = ctx.get(Schedules).preview({ cron, zone }, from, count);
    return { zone, next: viewTimes(times, zone) };
  },
});
