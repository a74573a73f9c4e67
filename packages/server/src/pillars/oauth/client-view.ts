import { toRfc3339 } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";
import { listIn } from "./clients.ts";
import type { ClientRow } from "./tables.ts";

const Time = Type.String({ format: "date-time" });

/** A permission, or a scope of OpenID Connect. */
export const Scope = Type.String({
  pattern:
    "^(?:openid|profile|email|offline_access|\\*|[a-z][A-Za-z0-9.-]*:(?:\\*|[a-z][A-Za-z0-9.-]*))$",
  maxLength: 128,
});

/** An address that browsers are sent to; compared exactly. */
export const RedirectUris = Type.Array(Type.String({ minLength: 1, maxLength: 2_000 }), {
  maxItems: 20,
  uniqueItems: true,
});

const fields = {
  id: Type.String({ description: "`client_id` of the protocol." }),
  name: Type.String(),
  type: Type.Union([Type.Literal("public"), Type.Literal("confidential")]),
  redirectUris: Type.Array(Type.String()),
  postLogoutRedirectUris: Type.Array(Type.String()),
  scopes: Type.Array(Type.String()),
  createdAt: Time,
  createdBy: Type.String(),
  previousSecretExpiresAt: Type.Union([Time, Type.Null()], {
    description: "Until when the secret before the last rotation opens.",
  }),
  revision: Type.Integer(),
};

/** One client as callers see it: everything but its secret. */
export const ClientView = Type.Object(fields);

/** One client as callers see it. */
export type ClientView = Static<typeof ClientView>;

/** The answer to a creation or rotation: the only place where a secret is shown. */
export const CreatedClientView = Type.Object({
  ...fields,
  secret: Type.Union([Type.String(), Type.Null()], {
    description:
      "`client_secret` of the protocol, shown this once. null of a public client, and when the same Idempotency-Key is " +
      "answered again.",
  }),
});

/** Makes the view of a row. */
export function toView(row: ClientRow): ClientView {
  return {
    id: row.id,
    name: row.name,
    type: row.type,
    redirectUris: listIn(row.redirect_uris),
    postLogoutRedirectUris: listIn(row.post_logout_redirect_uris),
    scopes: listIn(row.scopes),
    createdAt: toRfc3339(row.created_at),
    createdBy: row.created_by,
    previousSecretExpiresAt: row.previous_until === null ? null : toRfc3339(row.previous_until),
    revision: row.revision,
  };
}
