import { Health, operation, reply } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";

const Report = Type.Object({
  status: Type.Union([Type.Literal("ok"), Type.Literal("degraded"), Type.Literal("fail")]),
  version: Type.String(),
  uptime: Type.Integer({ description: "Seconds since the start." }),
  checks: Type.Record(
    Type.String(),
    Type.Object({
      status: Type.Union([Type.Literal("ok"), Type.Literal("warn"), Type.Literal("fail")]),
      detail: Type.String(),
      fix: Type.Optional(Type.String({ description: "What to do about it." })),
      latencyMs: Type.Optional(Type.Number()),
    }),
  ),
});

/** `GET /admin/health` */
export const getHealth: Operation = operation({
  id: "admin.health",
  method: "GET",
  path: "/admin/health",
  summary: "Read the server's health in detail",
  description:
    "Every check with its detail and what to do about it, of the process that answers. Answers 503 with the same body when the database does not answer.",
  access: "admin:read",
  mode: "read",
  replies: { 200: Report, 503: Report },
  example: {},
  handle: async ({ ctx }) => {
    const report = await ctx.get(Health).report();
    return reply(report.status === "fail" ? 503 : 200, report);
  },
});
