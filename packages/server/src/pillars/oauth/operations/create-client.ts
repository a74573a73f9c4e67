import { operation, sha256 } from "portico/kernel";
import { Type } from "typebox";
import { checkRedirects, checkScopes } from "../client-rules.ts";
import { CreatedClientView, RedirectUris, Scope, toView } from "../client-view.ts";
import { makeSecret } from "../clients.ts";
import type { ClientRow, OAuthTables } from "../tables.ts";

/** `POST /oauth/clients` */
export const createClient = operation({
  id: "oauth.createClient",
  method: "POST",
  path: "/oauth/clients",
  summary: "Register an OAuth client",
  description:
    "An application that signs users in, or acts for itself. The answer is the only place where a secret is shown; its hash is " +
    "kept. Scopes are permissions and lie within those of the caller; besides there are `openid`, `profile`, `email` and " +
    "`offline_access`. A public client (in a browser, on a phone) has no secret and proves itself by PKCE alone, which every " +
    "client uses.",
  access: "oauth:write",
  mode: "write",
  idempotent: true,
  onceOnly: ["secret"],
  body: Type.Object(
    {
      name: Type.String({ minLength: 1, maxLength: 100, description: "As users are shown it." }),
      type: Type.Union([Type.Literal("public"), Type.Literal("confidential")]),
      redirectUris: Type.Optional(RedirectUris),
      postLogoutRedirectUris: Type.Optional(RedirectUris),
      scopes: Type.Array(Scope, { maxItems: 100, uniqueItems: true }),
    },
    { additionalProperties: false },
  ),
  replies: { 201: CreatedClientView },
  errors: ["oauth.exceedsCreator", "oauth.badRedirect"],
  example: {
    body: {
      name: "Acme Reports",
      type: "confidential",
      redirectUris: ["https://reports.example.com/callback"],
      scopes: ["openid", "profile", "oauth:read"],
    },
  },
  async handle({ body, caller, tx, ctx }) {
    const { redirectUris = [], postLogoutRedirectUris = [] } = body;
    checkScopes(body.scopes, caller);
    checkRedirects([...redirectUris, ...postLogoutRedirectUris]);
    const secret = body.type === "confidential" ? makeSecret(ctx) : null;
    const row: ClientRow = {
      organization: caller.organization,
      id: ctx.makeId("client"),
      name: body.name,
      type: body.type,
      redirect_uris: JSON.stringify(redirectUris),
      post_logout_redirect_uris: JSON.stringify(postLogoutRedirectUris),
      scopes: JSON.stringify(body.scopes),
      secret_hash: secret === null ? null : sha256(secret),
      previous_hash: null,
      previous_until: null,
      created_at: Math.floor(ctx.clock.now()),
      created_by: caller.subject,
      revision: 1,
    };
    await tx.db<OAuthTables>().insertInto("oauth_clients").values(row).execute();
    const { id, name } = row;
    tx.emit("client.created", { id, name }, { subject: id });
    tx.audit({ action: "client.created", target: id, after: toView(row) });
    return { ...toView(row), secret };
  },
});
