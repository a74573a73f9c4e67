import { Buffer } from "node:buffer";
import { equalSecrets, sha256 } from "portico/kernel";
import type { PluginContext } from "portico/kernel";
import type { ClientRow, OAuthTables } from "./tables.ts";

/** Scopes that are no permissions: of OpenID Connect. */
export const OPENID_SCOPES = ["openid", "profile", "email", "offline_access"] as const;

/** Bytes of a client's secret. */
const SECRET_BYTES = 32;

/** A client as the endpoints need it. */
export interface Client {
  readonly id: string;
  readonly organization: string;
  readonly name: string;
  readonly type: ClientRow["type"];
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  /** Permissions and scopes of OpenID Connect that it may be given. */
  readonly scopes: readonly string[];
  /** Whether this is its secret, the present or, for a while, the one before. */
  hasSecret(secret: string): boolean;
}

/** Finds clients by their id, which says nothing of their organization. */
export async function findClient(id: string, ctx: PluginContext): Promise<Client | undefined> {
  const row = await ctx.store
    .read("instance")
    .db<OAuthTables>()
    .selectFrom("oauth_clients")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  return row === undefined ? undefined : toClient(row, ctx);
}

function toClient(row: ClientRow, ctx: PluginContext): Client {
  return {
    id: row.id,
    organization: row.organization,
    name: row.name,
    type: row.type,
    redirectUris: listIn(row.redirect_uris),
    postLogoutRedirectUris: listIn(row.post_logout_redirect_uris),
    scopes: listIn(row.scopes),
    hasSecret: (secret) => {
      const hash = sha256(secret);
      const { secret_hash: present, previous_hash: previous, previous_until: until } = row;
      if (present !== null && equalSecrets(present, hash)) return true;
      const isOpen = previous !== null && until !== null && until > ctx.clock.now();
      return isOpen && equalSecrets(previous, hash);
    },
  };
}

/** A new secret: shown once, stored hashed. */
export function makeSecret(ctx: PluginContext): string {
  const bytes = Buffer.alloc(SECRET_BYTES);
  ctx.fillRandom(bytes);
  return `ptcs_${bytes.toString("base64url")}`;
}

/** A list as it is kept in a column. */
export function listIn(json: string): string[] {
  // Written by this pillar from lists that a schema had accepted.
  return JSON.parse(json) as string[];
}
