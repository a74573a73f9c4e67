import { operation } from "portico/kernel";
import { Type } from "typebox";
import { ClientView, toView } from "../client-view.ts";
import { raise } from "../errors.ts";
import type { OAuthTables } from "../tables.ts";

/** `GET /oauth/clients/{id}` */
export const getClient = operation({
  id: "oauth.getClient",
  method: "GET",
  path: "/oauth/clients/{id}",
  summary: "Read an OAuth client",
  access: "oauth:read",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 200: ClientView },
  errors: ["oauth.clientNotFound"],
  example: { path: { id: "{oauth.createClient.id}" }, after: ["oauth.createClient"] },
  async handle({ path, read }) {
    const row = await read
      .db<OAuthTables>()
      .selectFrom("oauth_clients")
      .selectAll()
      .where("id", "=", path.id)
      .executeTakeFirst();
    if (row === undefined) throw raise("oauth.clientNotFound", { params: path });
    return toView(row);
  },
});
