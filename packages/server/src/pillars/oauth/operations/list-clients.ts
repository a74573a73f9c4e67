import { operation } from "portico/kernel";
import { Type } from "typebox";
import { ClientView, toView } from "../client-view.ts";
import type { OAuthTables } from "../tables.ts";

/** `GET /oauth/clients`: newest first. */
export const listClients = operation({
  id: "oauth.listClients",
  method: "GET",
  path: "/oauth/clients",
  summary: "List OAuth clients",
  description: "Newest first.",
  access: "oauth:read",
  mode: "read",
  query: Type.Object(
    {
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
      cursor: Type.Optional(Type.String()),
    },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      data: Type.Array(ClientView),
      next: Type.Union([Type.String(), Type.Null()]),
    }),
  },
  example: { query: { limit: "10" }, after: ["oauth.createClient"] },
  async handle({ query, cursor, read }) {
    const limit = query.limit ?? 50;
    const after = cursor.after?.[0];
    let select = read.db<OAuthTables>().selectFrom("oauth_clients").selectAll();
    if (after !== undefined) select = select.where("id", "<", String(after));
    const rows = await select
      .orderBy("id", "desc")
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map((row) => toView(row)),
      next: last === undefined ? null : cursor.next([last.id]),
    };
  },
});
