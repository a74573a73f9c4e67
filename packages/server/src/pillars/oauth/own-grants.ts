import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import type { Caller, PluginContext } from "portico/kernel";
import type { OAuthTables } from "./tables.ts";

type Where = (where: ExpressionBuilder<OAuthTables, "oauth_grants">) => Expression<SqlBool>;

/** The grants that a caller may see: those of all with the permission, else the caller's own. */
export function ownGrants(caller: Caller, ctx: PluginContext, permission: string): Where {
  const { credential } = caller;
  // What acts for a user by a token of a client's is that client.
  const client = credential?.startsWith("client_") === true ? credential : undefined;
  return (where) => {
    if (client === undefined && ctx.access.can(caller, permission).allowed) {
      return where("oauth_grants.id", "is not", null);
    }
    const own = where("oauth_grants.user_id", "=", caller.userId ?? caller.subject);
    return client === undefined
      ? own
      : where.and([own, where("oauth_grants.client_id", "=", client)]);
  };
}
