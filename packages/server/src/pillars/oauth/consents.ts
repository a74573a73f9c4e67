import type { PluginContext, Tx } from "portico/kernel";
import { listIn } from "./clients.ts";
import { OAUTH_CHANGES } from "./tables.ts";
import type { GrantRow, OAuthTables } from "./tables.ts";

/** What a user allows. */
export interface Consent {
  readonly organization: string;
  readonly userId: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
}

/** Remembers that a user allows a client these scopes, beside those of before. */
export async function giveConsent(
  { organization, userId, clientId, scopes }: Consent,
  tx: Tx,
  ctx: PluginContext,
): Promise<GrantRow> {
  const now = Math.floor(ctx.clock.now());
  const db = tx.db<OAuthTables>();
  const select = db
    .selectFrom("oauth_grants")
    .selectAll()
    .where("user_id", "=", userId)
    .where("client_id", "=", clientId);
  const before = await tx.forUpdate(select).executeTakeFirst();
  const all = [...new Set([...(before ? listIn(before.scopes) : []), ...scopes])];
  const written = { scopes: JSON.stringify(all), updated_at: now };
  const row = await db
    .insertInto("oauth_grants")
    .values({
      organization,
      id: before?.id ?? ctx.makeId("grant"),
      user_id: userId,
      client_id: clientId,
      created_at: now,
      ...written,
    })
    .onConflict((conflict) =>
      conflict.columns(["organization", "user_id", "client_id"]).doUpdateSet(written),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
  const told = { id: row.id, userId, clientId, scopes: all };
  tx.emit("consent.given", told, { subject: row.id });
  tx.audit({ action: "oauth.consentGiven", target: row.id, after: told });
  return row;
}

/** Ends what a user has allowed, with every sign-in that rests on it. Answers what to act on at once. */
export async function revokeConsent(grant: GrantRow, tx: Tx): Promise<readonly string[]> {
  const { id, user_id: userId, client_id: clientId, scopes } = grant;
  await tx.db<OAuthTables>().deleteFrom("oauth_grants").where("id", "=", id).execute();
  const ended = await endSignIns({ clientId, userId }, tx);
  const told = { id, userId, clientId, scopes: listIn(scopes) };
  tx.emit("consent.revoked", told, { subject: id });
  return ended;
}

/** Ends sign-ins with their codes and tokens: of a client, or of one of its users. Answers what to act on at once. */
export async function endSignIns(
  { clientId, userId }: { readonly clientId: string; readonly userId?: string },
  tx: Tx,
): Promise<readonly string[]> {
  const db = tx.db<OAuthTables>();
  let remove = db.deleteFrom("oauth_models").where("client_id", "=", clientId);
  if (userId !== undefined) remove = remove.where("account_id", "=", userId);
  const rows = await remove.returning(["model", "grant_id"]).execute();
  const grants = new Set(rows.map((row) => row.grant_id).filter((id) => id !== null));
  const ended = [...grants].map((id) => `grant:${id}`);
  for (const change of ended) tx.changed(OAUTH_CHANGES, change);
  return ended;
}
