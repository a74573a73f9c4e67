import { operation } from "portico/kernel";
import { Type } from "typebox";
import { OAuth } from "../capability.ts";
import { revokeConsent } from "../consents.ts";
import { raise } from "../errors.ts";
import { ownGrants } from "../own-grants.ts";
import type { OAuthTables } from "../tables.ts";

/** `DELETE /oauth/grants/{id}` */
export const revokeGrant = operation({
  id: "oauth.revokeGrant",
  method: "DELETE",
  path: "/oauth/grants/{id}",
  summary: "Revoke what a user has allowed an OAuth client",
  description:
    "One's own, or with `oauth:write` anybody's in the organization. The client's tokens for this user end at once, on every " +
    "process within a second; it has to ask the user again.",
  access: "caller",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 204: null },
  errors: ["oauth.grantNotFound"],
  example: {
    path: { id: "{oauth.createGrant.id}" },
    after: ["oauth.createClient", "oauth.createGrant"],
  },
  async handle({ path, caller, tx, ctx }) {
    const row = await tx
      .db<OAuthTables>()
      .selectFrom("oauth_grants")
      .selectAll()
      .where("id", "=", path.id)
      .where(ownGrants(caller, ctx, "oauth:write"))
      .executeTakeFirst();
    if (row === undefined) throw raise("oauth.grantNotFound", { params: path });
    ctx.get(OAuth).distrust(await revokeConsent(row, tx));
  },
});
