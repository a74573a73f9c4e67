import { Audit, operation, streamed } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { auditFormats, auditLines } from "../audit-lines.ts";
import { scopeOf, ScopeQuery } from "../scope.ts";

const Time = (description: string) =>
  Type.Optional(Type.String({ format: "date-time", description }));

/** `GET /audit/export` */
export const exportAudit: Operation = operation({
  id: "insight.exportAudit",
  method: "GET",
  path: "/audit/export",
  summary: "Export the audit",
  description:
    "Every entry of the organization or, with `scope=instance`, of all, oldest first, as JSON lines or CSV, streamed. `seq` and `hash` are its place in the chain. Text that a spreadsheet would take for a formula begins with an apostrophe in CSV.",
  access: "audit:read",
  mode: "read",
  limits: ["10/min"],
  query: Type.Object({
    format: Type.Optional(
      Type.Union([Type.Literal("jsonl"), Type.Literal("csv")], { default: "jsonl" }),
    ),
    from: Time("Not before this time."),
    to: Time("Before this time."),
    scope: ScopeQuery,
  }),
  replies: { 200: null },
  streams: Object.values(auditFormats),
  errors: ["access.forbidden"],
  example: { query: { format: "csv" } },
  handle: ({ query, caller, ctx }) => {
    const scope = scopeOf(ctx, caller, query.scope);
    const format = query.format ?? "jsonl";
    const { from, to } = query;
    const filter = {
      ...(scope === "instance" ? {} : scope),
      ...(from === undefined ? {} : { from: Date.parse(from) }),
      // What is written while the export runs is not part of it: else it might never end.
      to: to === undefined ? Math.floor(ctx.clock.now()) + 1 : Date.parse(to),
    };
    return streamed(auditFormats[format], auditLines(ctx.get(Audit), filter, format), {
      "content-disposition": `attachment; filename="audit.${format}"`,
    });
  },
});
