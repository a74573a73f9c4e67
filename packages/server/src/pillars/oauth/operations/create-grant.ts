import { operation } from "portico/kernel";
import { Type } from "typebox";
import { Scope } from "../client-view.ts";
import { listIn } from "../clients.ts";
import { giveConsent } from "../consents.ts";
import { raise } from "../errors.ts";
import { GrantView, toGrantView } from "../grant-view.ts";
import type { OAuthTables } from "../tables.ts";

/** `POST /oauth/clients/{id}/grants` */
export const createGrant = operation({
  id: "oauth.createGrant",
  method: "POST",
  path: "/oauth/clients/{id}/grants",
  summary: "Allow an OAuth client on a user's behalf",
  description:
    "For the organization's own applications, which then need not ask this user. Scopes are added to those of before, and lie " +
    "within the client's. What a token may do is still bounded by what its user holds.",
  access: "oauth:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Type.Object(
    {
      userId: Type.String({ minLength: 1, maxLength: 256 }),
      scopes: Type.Array(Scope, { minItems: 1, maxItems: 100, uniqueItems: true }),
    },
    { additionalProperties: false },
  ),
  replies: { 201: GrantView },
  errors: ["oauth.clientNotFound", "oauth.notByClient", "oauth.scopeNotOfClient"],
  example: {
    path: { id: "{oauth.createClient.id}" },
    body: { userId: "user_1", scopes: ["openid"] },
    after: ["oauth.createClient"],
  },
  async handle({ path, body, caller, tx, ctx }) {
    const { userId, scopes } = body;
    const { id: clientId } = path;
    // Else a client that was given `oauth:write` would allow itself more.
    if (caller.kind === "client" || caller.credential?.startsWith("client_") === true) {
      throw raise("oauth.notByClient");
    }
    const client = await tx
      .db<OAuthTables>()
      .selectFrom("oauth_clients")
      .selectAll()
      .where("id", "=", clientId)
      .executeTakeFirst();
    if (client === undefined) throw raise("oauth.clientNotFound", { params: path });
    const beyond = scopes.filter((scope) => !listIn(client.scopes).includes(scope));
    if (beyond.length > 0) {
      throw raise("oauth.scopeNotOfClient", { params: { got: beyond.join(", ") } });
    }
    const { organization } = caller;
    const row = await giveConsent({ organization, userId, clientId, scopes }, tx, ctx);
    return toGrantView({ ...row, client_name: client.name });
  },
});
