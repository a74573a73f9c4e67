import { accepted, Jobs, operation } from "portico/kernel";
import { Type } from "typebox";

/** `POST /jobs/{id}/cancel` */
export const cancelJob = operation({
  id: "jobs.cancel",
  method: "POST",
  path: "/jobs/{id}/cancel",
  summary: "Cancel a job",
  description:
    "From this answer on nothing more is written by it, also when it is under way: the run is aborted where it is. What " +
    "it did before stays. Cancelling twice changes nothing.",
  access: "jobs:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 202: accepted },
  errors: ["jobs.notFound", "jobs.hasEnded", "jobs.notCancellable"],
  example: {
    path: { id: "{jobs.runSchedule.id}" },
    after: ["jobs.createSchedule", "jobs.runSchedule"],
  },
  handle: async ({ path, tx, ctx }) => {
    const { id, state } = await ctx.get(Jobs).cancel(tx, path.id);
    return { id, status: state };
  },
});
