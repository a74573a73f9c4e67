import { Buffer } from "node:buffer";
import { ownUrl, sha256 } from "portico/kernel";
import type { PluginContext, Tx } from "portico/kernel";
import { settingsOf } from "./settings.ts";
import type { LinkRow, PeopleTables } from "./tables.ts";

/** How long a link is good. */
export const LINK_LIFE_MINUTES = 30;
const TOKEN_BYTES = 32;
/** Links of one purpose that a person may hold at a time: as many mails at most within their life. */
const LIVE_MAX = 3;

/** What a link is for. */
export interface NewLink {
  readonly person: string;
  readonly purpose: LinkRow["purpose"];
  readonly emailKey: string | null;
}

/**
 * Makes the token of a link, good once; its hash is stored. Undefined when the person holds enough of them: who asks in
 * somebody's name again and again neither floods their mailbox nor spoils the link that lies there.
 */
export async function makeLink(
  link: NewLink,
  tx: Tx,
  ctx: PluginContext,
): Promise<string | undefined> {
  const { person, purpose, emailKey } = link;
  const nowMs = Math.floor(ctx.clock.now());
  const db = tx.db<PeopleTables>();
  const live = await db
    .selectFrom("identity_links")
    .select("hash")
    .where("person", "=", person)
    .where("purpose", "=", purpose)
    .where("expires_at", ">", nowMs)
    .limit(LIVE_MAX)
    .execute();
  if (live.length === LIVE_MAX) return undefined;
  const secret = new Uint8Array(TOKEN_BYTES);
  ctx.fillRandom(secret);
  const token = Buffer.from(secret).toString("base64url");
  await db
    .insertInto("identity_links")
    .values({
      hash: hashOf(token),
      person,
      purpose,
      email_key: emailKey,
      created_at: nowMs,
      expires_at: nowMs + LINK_LIFE_MINUTES * 60_000,
    })
    .execute();
  return token;
}

/** A link that is still good; it stays so. */
export async function findLink(
  token: string,
  purpose: LinkRow["purpose"],
  { read, ctx }: { readonly read: Pick<Tx, "db">; readonly ctx: PluginContext },
): Promise<LinkRow | undefined> {
  return await read
    .db<PeopleTables>()
    .selectFrom("identity_links")
    .selectAll()
    .where("hash", "=", hashOf(token))
    .where("purpose", "=", purpose)
    .where("expires_at", ">", Math.floor(ctx.clock.now()))
    .executeTakeFirst();
}

/** Uses a link up. False when another was faster: of any number at the same time one is told true. */
export async function useLink({ hash }: LinkRow, tx: Tx): Promise<boolean> {
  const { numDeletedRows } = await tx
    .db<PeopleTables>()
    .deleteFrom("identity_links")
    .where("hash", "=", hash)
    .executeTakeFirst();
  return numDeletedRows === 1n;
}

/** Ends the links of a person, of one purpose or of all. */
export async function endLinks(
  { person, purpose }: { readonly person: string; readonly purpose?: LinkRow["purpose"] },
  tx: Tx,
): Promise<void> {
  const remove = tx.db<PeopleTables>().deleteFrom("identity_links").where("person", "=", person);
  await (purpose === undefined ? remove : remove.where("purpose", "=", purpose)).execute();
}

/** Where a link leads: the operator's page, or Portico's own. */
export function linkUrl(purpose: LinkRow["purpose"], token: string, ctx: PluginContext): string {
  const { resetPage, verifyPage } = settingsOf(ctx);
  const own = `${ownUrl(ctx.server)}/account/${purpose}?token={token}`;
  return ((purpose === "reset" ? resetPage : verifyPage) ?? own).replaceAll("{token}", token);
}

// 256 random bits: a plain hash is as strong as a slow one, and finding by it tells nothing by its time.
function hashOf(token: string): string {
  return Buffer.from(sha256(token)).toString("hex");
}

/** Deletes links that are too old; at most `limit`. How many. */
export async function sweepLinks(
  tx: Tx,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): Promise<number> {
  const db = tx.db<PeopleTables>();
  const rows = await db
    .selectFrom("identity_links")
    .select("hash")
    .where("expires_at", "<=", nowMs)
    .limit(limit)
    .execute();
  if (rows.length === 0) return 0;
  const hashes = rows.map(({ hash }) => hash);
  await db.deleteFrom("identity_links").where("hash", "in", hashes).execute();
  return rows.length;
}
