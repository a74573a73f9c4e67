import { Type } from "typebox";
import { listOf, operation, pageQuery } from "portico/kernel";
import { declaredTypes } from "../declared.ts";
import type { EventTables } from "../tables.ts";
import { EventTypeSummary, viewDeclared, viewSummary } from "../type-view.ts";

/** `GET /event-types`: what plugins declare and what the organization described, by name. */
export const listEventTypes = operation({
  id: "events.listTypes",
  method: "GET",
  path: "/event-types",
  summary: "List event types",
  access: "events:read",
  mode: "read",
  query: Type.Object(
    { group: Type.Optional(Type.String({ maxLength: 64 })), ...pageQuery },
    { additionalProperties: false },
  ),
  replies: { 200: listOf(EventTypeSummary) },
  example: { query: { limit: "20" }, after: ["events.createType"] },
  async handle({ query, cursor, read, ctx }) {
    const limit = query.limit ?? 50;
    const after = String(cursor.after?.[0] ?? "");
    const { group } = query;
    let select = read
      .db<EventTables>()
      .selectFrom("events_types")
      .selectAll()
      .where("type", ">", after)
      .orderBy("type")
      .limit(limit + 1);
    if (group !== undefined) select = select.where("group_name", "=", group);
    const declared = [...declaredTypes(ctx).values()]
      .map(viewDeclared)
      .filter((view) => view.type > after && (group === undefined || view.group === group));
    const all = [...declared, ...(await select.execute()).map(viewSummary)].toSorted(
      (one, other) => (one.type < other.type ? -1 : 1),
    );
    const data = all.slice(0, limit);
    const last = all.length > limit ? data.at(-1) : undefined;
    return { data, next: last === undefined ? null : cursor.next([last.type]) };
  },
});
