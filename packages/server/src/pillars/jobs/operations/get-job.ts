import { Jobs, operation } from "portico/kernel";
import { Type } from "typebox";
import { JobView, viewJob } from "../view.ts";

/** `GET /jobs/{id}` */
export const getJob = operation({
  id: "jobs.get",
  method: "GET",
  path: "/jobs/{id}",
  summary: "Read a job",
  description:
    "Its state, tries, last error and progress. A job that is done and not kept is no longer there.",
  access: "jobs:read",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: JobView },
  errors: ["jobs.notFound"],
  example: {
    path: { id: "{jobs.runSchedule.id}" },
    after: ["jobs.createSchedule", "jobs.runSchedule"],
  },
  handle: async ({ path, caller, ctx }) =>
    viewJob(await ctx.get(Jobs).get(caller.organization, path.id)),
});
