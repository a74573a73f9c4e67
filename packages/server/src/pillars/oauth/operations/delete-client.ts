import { operation } from "portico/kernel";
import { Type } from "typebox";
import { OAuth } from "../capability.ts";
import { holdClient } from "../change-client.ts";
import { toView } from "../client-view.ts";
import { endSignIns } from "../consents.ts";
import { OAUTH_CHANGES } from "../tables.ts";
import type { OAuthTables } from "../tables.ts";

/** `DELETE /oauth/clients/{id}` */
export const deleteClient = operation({
  id: "oauth.deleteClient",
  method: "DELETE",
  path: "/oauth/clients/{id}",
  summary: "Delete an OAuth client",
  description:
    "With what users have allowed it. Its tokens end at once, on every process within a second.",
  access: "oauth:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 204: null },
  errors: ["oauth.clientNotFound"],
  example: { path: { id: "{oauth.createClient.id}" }, after: ["oauth.createClient"] },
  async prepare({ path, ctx }): Promise<void> {
    ctx.get(OAuth).distrust([`client:${path.id}`]);
  },
  async handle({ path: { id }, ifMatch, tx }) {
    const row = await holdClient({ id, ifMatch, tx });
    const db = tx.db<OAuthTables>();
    await db.deleteFrom("oauth_clients").where("id", "=", id).execute();
    await db.deleteFrom("oauth_grants").where("client_id", "=", id).execute();
    await endSignIns({ clientId: id }, tx);
    tx.emit("client.deleted", { id, name: row.name }, { subject: id });
    tx.audit({ action: "client.deleted", target: id, before: toView(row) });
    tx.changed(OAUTH_CHANGES, `client:${id}`);
  },
});
