import { operation } from "portico/kernel";
import { Type } from "typebox";
import { GrantView, toGrantView } from "../grant-view.ts";
import { ownGrants } from "../own-grants.ts";
import type { OAuthTables } from "../tables.ts";

/** `GET /oauth/grants`: newest first. */
export const listGrants = operation({
  id: "oauth.listGrants",
  method: "GET",
  path: "/oauth/grants",
  summary: "List what users have allowed OAuth clients",
  description:
    "Newest first: one's own; with `oauth:read` those of everybody in the organization, or of one user. An OAuth client that " +
    "acts for a user sees what this user has allowed it, and no other.",
  access: "caller",
  mode: "read",
  query: Type.Object(
    {
      userId: Type.Optional(Type.String({ maxLength: 256 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
      cursor: Type.Optional(Type.String()),
    },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      data: Type.Array(GrantView),
      next: Type.Union([Type.String(), Type.Null()]),
    }),
  },
  example: { query: { limit: "10" }, after: ["oauth.createClient", "oauth.createGrant"] },
  async handle({ query, cursor, caller, read, ctx }) {
    const limit = query.limit ?? 50;
    const after = cursor.after?.[0];
    let select = read
      .db<OAuthTables>()
      .selectFrom("oauth_grants")
      .innerJoin("oauth_clients", "oauth_clients.id", "oauth_grants.client_id")
      .selectAll("oauth_grants")
      .select("oauth_clients.name as client_name")
      .where(ownGrants(caller, ctx, "oauth:read"));
    if (query.userId !== undefined) {
      select = select.where("oauth_grants.user_id", "=", query.userId);
    }
    if (after !== undefined) select = select.where("oauth_grants.id", "<", String(after));
    const rows = await select
      .orderBy("oauth_grants.id", "desc")
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map((row) => toGrantView(row)),
      next: last === undefined ? null : cursor.next([last.id]),
    };
  },
});
