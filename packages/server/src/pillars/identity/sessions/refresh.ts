import type { Kysely } from "kysely";
import { equalSecrets, sha256, statement } from "portico/kernel";
import type { Append, Origin, PluginContext } from "portico/kernel";
import { Identity } from "../capability.ts";
import type { Holding } from "../organizations/face.ts";
import type { Person } from "../people/face.ts";
import { endRows } from "./end.ts";
import { raise } from "./errors.ts";
import type { SessionOrigin } from "./face.ts";
import { findRow } from "./live-session.ts";
import { claimsOf } from "./open.ts";
import type { OpenParts } from "./open.ts";
import { isSealed, makeRefreshText, readRefreshText } from "./session-text.ts";
import { settingsOf } from "./settings.ts";
import type { SessionRow, SessionTables } from "./tables.ts";

/**
 * For so long the loser of a race is refused and nothing else: it is the client's own other request. Later the same token
 * can only be a second holder's.
 */
const FORGIVEN_MS = 10_000;

interface Renewal extends Record<string, string | number | Uint8Array> {
  readonly id: string;
  readonly was: Uint8Array;
  readonly hash: Uint8Array;
  readonly generation: number;
  readonly forgivenFrom: number;
  readonly at: number;
  readonly endsAt: number;
  readonly address: string;
  readonly device: string;
}

/** One statement, so that of many requests with one token exactly one finds it in force, on every process. */
const renewToken = statement<Renewal, SessionTables>(
  "identity.renewToken",
  (db: Kysely<SessionTables>, param) =>
    db
      .updateTable("identity_sessions")
      .set({
        refresh_hash: param("hash"),
        refresh_generation: param("generation"),
        refreshed_at: param("at"),
        forgiven_from: param("forgivenFrom"),
        last_seen_at: param("at"),
        ends_at: param("endsAt"),
        address: param("address"),
        device: param("device"),
      })
      .where("id", "=", param("id"))
      .where("refresh_hash", "=", param("was")),
);

/** A renewal that is ready to be written, and what its holder is given when it is. */
export interface PreparedRenewal {
  readonly renewal: Renewal;
  readonly sessionId: string;
  readonly person: Person;
  readonly holding: Holding;
  readonly organization: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresIn: number;
}

/** A refresh token as it came. */
export interface RefreshRequest {
  readonly text: string;
  readonly from: SessionOrigin;
  readonly origin: Origin;
}

/**
 * Judges a refresh token and makes what takes its place. Throws `identity.badRefreshToken`, after it has ended the session
 * whose token was used a second time, and `identity.refreshRaced`.
 */
export async function prepareRenewal(
  parts: OpenParts,
  request: RefreshRequest,
): Promise<PreparedRenewal> {
  const { ctx } = parts;
  const said = readRefreshText(request.text);
  const row = said === undefined ? undefined : await findRow(said.id, ctx);
  if (row === undefined || row.refresh_hash === null || !isSealed(request.text, row.refresh_seal)) {
    throw raise("identity.badRefreshToken", { internal: "unknown" });
  }
  const now = Math.floor(ctx.clock.now());
  const was = sha256(request.text);
  if (!equalSecrets(row.refresh_hash, was)) await refuseOld(parts, { row, request, now });
  if (row.ends_at <= now)
    throw raise("identity.badRefreshToken", { internal: `${row.id} has lived out` });
  const [person, holding] = await holderOf(row, ctx);
  const expiresIn = Math.min(
    settingsOf(ctx).tokens.lifeSeconds,
    Math.max(1, Math.floor((row.expires_at - now) / 1_000)),
  );
  const generation = row.refresh_generation + 1;
  const refreshToken = makeRefreshText(
    { id: row.id, generation, seal: row.refresh_seal },
    ctx.fillRandom,
  );
  return {
    renewal: renewalOf(row, { request, was, refreshToken, generation, now }),
    sessionId: row.id,
    person,
    holding,
    organization: row.organization,
    accessToken: parts.tokens.issue(claimsOf(row), expiresIn),
    refreshToken,
    expiresIn,
  };
}

/** Writes the renewal; the batch fails with `store.conflict` when another was faster. */
export function writeRenewal({ renewal }: PreparedRenewal, batch: Append): void {
  batch.write(renewToken, renewal, 1);
}

interface Renewed {
  readonly request: RefreshRequest;
  readonly was: Uint8Array;
  readonly refreshToken: string;
  readonly generation: number;
  readonly now: number;
}

function renewalOf(
  row: SessionRow,
  { request, was, refreshToken, generation, now }: Renewed,
): Renewal {
  const isQuick = now - row.refreshed_at < FORGIVEN_MS;
  return {
    id: row.id,
    was,
    hash: sha256(refreshToken),
    generation,
    forgivenFrom: isQuick ? row.forgiven_from : row.refresh_generation,
    at: now,
    endsAt: Math.min(row.expires_at, now + row.idle_ms),
    address: request.from.address.slice(0, 64),
    device: request.from.device.slice(0, 256),
  };
}

async function holderOf(row: SessionRow, ctx: PluginContext): Promise<[Person, Holding]> {
  const { people, organizations } = ctx.get(Identity);
  const [person, holding] = await Promise.all([
    people.find(row.user_id),
    organizations.holdingOf(row.user_id, row.organization),
  ]);
  if (person?.state !== "active" || holding === undefined) {
    throw raise("identity.badRefreshToken", { internal: `${row.user_id} may not act` });
  }
  return [person, holding];
}

interface OldToken {
  readonly row: SessionRow;
  readonly request: RefreshRequest;
  readonly now: number;
}

/** A token of ours that was used before: of the same moment a race, else a theft. */
async function refuseOld(parts: OpenParts, { row, request, now }: OldToken): Promise<never> {
  const generation = readRefreshText(request.text)?.generation ?? 0;
  const isForgiven = generation >= row.forgiven_from && now - row.refreshed_at < FORGIVEN_MS;
  if (isForgiven) throw raise("identity.refreshRaced");
  const { id, user_id: userId, organization } = row;
  const origin = { ...request.origin, actor: userId };
  await parts.ctx.store.transaction({ scope: { organization }, origin }, async (tx) => {
    const held = tx
      .db<SessionTables>()
      .selectFrom("identity_sessions")
      .selectAll()
      .where("id", "=", id);
    const found = await tx.forUpdate(held).executeTakeFirst();
    if (found === undefined) return;
    tx.emit("session.refreshReused", { id, userId }, { subject: id });
    await endRows(parts, { rows: [found], reason: "refreshReused" }, tx);
  });
  throw raise("identity.badRefreshToken", { internal: `${id}: used a second time` });
}
