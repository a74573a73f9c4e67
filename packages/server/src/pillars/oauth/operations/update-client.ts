import { operation } from "portico/kernel";
import { Type } from "typebox";
import { OAuth } from "../capability.ts";
import { changeClient } from "../change-client.ts";
import { checkRedirects, checkScopes } from "../client-rules.ts";
import { ClientView, RedirectUris, Scope, toView } from "../client-view.ts";

/** `PATCH /oauth/clients/{id}` */
export const updateClient = operation({
  id: "oauth.updateClient",
  method: "PATCH",
  path: "/oauth/clients/{id}",
  summary: "Change an OAuth client",
  description:
    "What is left out stays. A scope that is taken away is taken from the client's tokens at once. The type stays for good.",
  access: "oauth:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  body: Type.Object(
    {
      name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
      redirectUris: Type.Optional(RedirectUris),
      postLogoutRedirectUris: Type.Optional(RedirectUris),
      scopes: Type.Optional(Type.Array(Scope, { maxItems: 100, uniqueItems: true })),
    },
    { additionalProperties: false },
  ),
  replies: { 200: ClientView },
  errors: ["oauth.clientNotFound", "oauth.exceedsCreator", "oauth.badRedirect"],
  example: {
    path: { id: "{oauth.createClient.id}" },
    body: { name: "Acme Reports 2" },
    after: ["oauth.createClient"],
  },
  async prepare({ path, ctx }): Promise<void> {
    ctx.get(OAuth).distrust([`client:${path.id}`]);
  },
  async handle({ path, body, ifMatch, caller, tx }) {
    const { name, redirectUris, postLogoutRedirectUris, scopes } = body;
    const row = await changeClient({ id: path.id, ifMatch, tx }, (before) => {
      // The whole list, so that nobody adds to a client what he could not have given it.
      if (scopes !== undefined) checkScopes(scopes, caller);
      checkRedirects([...(redirectUris ?? []), ...(postLogoutRedirectUris ?? [])]);
      return {
        event: "client.updated",
        set: {
          name: name ?? before.name,
          redirect_uris: textOf(redirectUris) ?? before.redirect_uris,
          post_logout_redirect_uris:
            textOf(postLogoutRedirectUris) ?? before.post_logout_redirect_uris,
          scopes: textOf(scopes) ?? before.scopes,
        },
      };
    });
    return toView(row);
  },
});

function textOf(list: readonly string[] | undefined): string | undefined {
  return list === undefined ? undefined : JSON.stringify(list);
}
