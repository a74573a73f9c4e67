import { Type } from "typebox";
import { listOf, operation, pageQuery } from "portico/kernel";
import { findSource } from "../find.ts";
import type { SourceTables } from "../tables.ts";
import { MESSAGE_COLUMNS, MessageView, viewMessage } from "../view.ts";

/** `GET /sources/{id}/messages`: newest first. */
export const listMessages = operation({
  id: "sources.listMessages",
  method: "GET",
  path: "/sources/{id}/messages",
  summary: "List what came in by a source",
  description:
    "Newest first, what was refused included, with the reason. Each can be read whole by its id.",
  access: "sources:read",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  query: Type.Object(
    { state: Type.Optional(MessageView.properties.state), ...pageQuery },
    { additionalProperties: false },
  ),
  replies: { 200: listOf(MessageView) },
  errors: ["sources.notFound"],
  example: {
    path: { id: "{sources.create.id}" },
    query: { state: "quarantined" },
    after: ["sources.create", "sources.test"],
  },
  async handle({ path, query, cursor, read }) {
    const { id } = await findSource(read, path.id);
    const limit = query.limit ?? 50;
    const before = cursor.after?.[0];
    let select = read
      .db<SourceTables>()
      .selectFrom("sources_messages")
      .select(MESSAGE_COLUMNS)
      .select((row) => row.fn<number>("length", ["body"]).as("bytes"))
      .where("source", "=", id);
    if (query.state !== undefined) select = select.where("state", "=", query.state);
    if (before !== undefined) select = select.where("id", "<", String(before));
    const rows = await select
      .orderBy("id", "desc")
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(viewMessage),
      next: last === undefined ? null : cursor.next([last.id]),
    };
  },
});
