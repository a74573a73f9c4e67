import { operation } from "portico/kernel";
import type { Operation } from "portico/kernel";
import { Type } from "typebox";
import { Insight } from "../capability.ts";
import { ErrorDetailView, findError, viewErrorDetail } from "../failures/index.ts";
import { mayOperate } from "../scope.ts";
import type { InsightTables } from "../tables.ts";

/** `GET /errors/{id}` */
export const getError: Operation = operation({
  id: "insight.error",
  method: "GET",
  path: "/errors/{id}",
  summary: "Read one error",
  description: "With who met it and its newest occurrences.",
  access: "insight:read",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: ErrorDetailView },
  errors: ["insight.errorNotFound"],
  example: { after: ["insight.reportError"], path: { id: "{insight.reportError.id}" } },
  handle: async ({ path, read, ctx, caller }) => {
    await ctx.get(Insight).flush();
    const row = await findError(read, path.id);
    const { fingerprint } = row;
    const db = read.db<InsightTables>();
    const callers = await db
      .selectFrom("insight_error_callers")
      .selectAll()
      .where("fingerprint", "=", fingerprint)
      .orderBy("count", "desc")
      .orderBy("subject")
      .execute();
    const samples = await db
      .selectFrom("insight_error_samples")
      .selectAll()
      .where("fingerprint", "=", fingerprint)
      .orderBy("id", "desc")
      .execute();
    return viewErrorDetail(row, { callers, samples, mayOperate: mayOperate(ctx, caller) });
  },
});
