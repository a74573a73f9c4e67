import { accepted, Jobs, operation } from "portico/kernel";
import { Type } from "typebox";

/** `POST /jobs/{id}/retry` */
export const retryJob = operation({
  id: "jobs.retry",
  method: "POST",
  path: "/jobs/{id}/retry",
  summary: "Run a job again",
  description:
    "For a job that failed, was quarantined or was cancelled: it runs at once, as one that was never tried.",
  access: "jobs:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 202: accepted },
  errors: ["jobs.notFound", "jobs.notEnded"],
  example: {
    path: { id: "{jobs.cancel.id}" },
    after: ["jobs.createSchedule", "jobs.runSchedule", "jobs.cancel"],
    refused: { "jobs.notEnded": { times: 2 } },
  },
  handle: async ({ path, tx, ctx }) => {
    const { id, state } = await ctx.get(Jobs).retry(tx, path.id);
    return { id, status: state };
  },
});
