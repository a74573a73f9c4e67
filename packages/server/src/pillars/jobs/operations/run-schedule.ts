import { accepted, operation, Schedules } from "portico/kernel";
import { Type } from "typebox";

/** `POST /schedules/{id}/run` */
export const runSchedule = operation({
  id: "jobs.runSchedule",
  method: "POST",
  path: "/schedules/{id}/run",
  summary: "Run a schedule by hand",
  description:
    "Makes its job beside its ticks, also while it is paused; the answer's `id` is the job's. Where jobs of it are queued, it " +
    "waits behind them.",
  access: "schedules:write",
  mode: "write",
  idempotent: true,
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Type.Object(
    {
      delaySeconds: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 31_622_400,
          description: "Not before; at once when left out.",
        }),
      ),
    },
    { additionalProperties: false },
  ),
  replies: { 202: accepted },
  errors: ["schedules.notFound"],
  example: {
    path: { id: "{jobs.createSchedule.id}" },
    body: { delaySeconds: 86_400 },
    after: ["jobs.createSchedule"],
  },
  handle: async ({ path, body, tx, ctx }) => {
    const { delaySeconds: delay = 0 } = body;
    const afterMs = delay === 0 ? undefined : delay * 1_000;
    return { id: await ctx.get(Schedules).run(tx, path.id, afterMs), status: "accepted" };
  },
});
