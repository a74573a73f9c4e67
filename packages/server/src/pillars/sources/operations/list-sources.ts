import { Type } from "typebox";
import { listOf, operation, pageQuery } from "portico/kernel";
import type { SourceTables } from "../tables.ts";
import { SourceView, viewSource } from "../view.ts";

/** `GET /sources` */
export const listSources = operation({
  id: "sources.list",
  method: "GET",
  path: "/sources",
  summary: "List sources",
  access: "sources:read",
  mode: "read",
  query: Type.Object(
    { provider: Type.Optional(Type.String({ maxLength: 64 })), ...pageQuery },
    { additionalProperties: false },
  ),
  replies: { 200: listOf(SourceView) },
  example: { query: { provider: "stripe" }, after: ["sources.create"] },
  async handle({ query, cursor, read, ctx }) {
    const limit = query.limit ?? 50;
    const after = cursor.after?.[0];
    let select = read.db<SourceTables>().selectFrom("sources_sources").selectAll();
    if (query.provider !== undefined) select = select.where("provider", "=", query.provider);
    if (after !== undefined) select = select.where("id", ">", String(after));
    const rows = await select
      .orderBy("id")
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map((row) => viewSource(row, ctx)),
      next: last === undefined ? null : cursor.next([last.id]),
    };
  },
});
