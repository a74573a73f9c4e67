import { Jobs, listOf, operation, pageQuery } from "portico/kernel";
import type { JobQuery } from "portico/kernel";
import { Type } from "typebox";
import { JobView, StateOfJob, viewJob } from "../view.ts";

/** `GET /jobs`: newest first, those that have ended among the others. */
export const listJobs = operation({
  id: "jobs.list",
  method: "GET",
  path: "/jobs",
  summary: "List jobs",
  description:
    "Jobs of the caller's organization, newest first. A job that is done is gone, unless its plugin or a schedule keeps " +
    "it; what failed, was quarantined or was cancelled is kept for `jobs.keepDays`.",
  access: "jobs:read",
  mode: "read",
  query: Type.Object(
    {
      ...pageQuery,
      state: Type.Optional(StateOfJob),
      name: Type.Optional(
        Type.String({
          pattern: "^[a-z][a-zA-Z0-9-]{0,63}(\\.[a-zA-Z][a-zA-Z0-9]{0,63})?$",
          description: "A plugin, or a plugin and one of its jobs: `webhooks`, `webhooks.deliver`.",
        }),
      ),
      key: Type.Optional(Type.String({ maxLength: 512 })),
      schedule: Type.Optional(Type.String({ maxLength: 64 })),
    },
    { additionalProperties: false },
  ),
  replies: { 200: listOf(JobView) },
  example: { query: { limit: "10" } },
  handle: async ({ query, caller, ctx, cursor }) => {
    const { state, key, schedule, limit = 50 } = query;
    const [createdAt, id] = cursor.after ?? [];
    const found = await ctx.get(Jobs).list({
      organization: caller.organization,
      limit: limit + 1,
      ...namesOf(query.name),
      ...(state === undefined ? {} : { state }),
      ...(key === undefined ? {} : { key }),
      ...(schedule === undefined ? {} : { schedule }),
      ...(createdAt === undefined ? {} : { before: [Number(createdAt), String(id)] as const }),
    });
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(viewJob),
      next: last === undefined ? null : cursor.next([last.createdAt, last.id]),
    };
  },
});

function namesOf(name: string | undefined): Pick<JobQuery, "plugin" | "name"> {
  const [plugin, job] = name?.split(".") ?? [];
  return {
    ...(plugin === undefined ? {} : { plugin }),
    ...(job === undefined ? {} : { name: job }),
  };
}
