import type { PluginContext, Tx } from "portico/kernel";
import { sha256 } from "portico/kernel";
import type { AccessTokens } from "./access-token.ts";
import { cookieForm, writeCookie } from "./cookie.ts";
import { endRows } from "./end.ts";
import type { EndParts } from "./end.ts";
import type { NewSession, OpenedSession } from "./face.ts";
import { IMPERSONATION_MS, limitsOf } from "./limits.ts";
import { makeCookieText, makeRefreshText } from "./session-text.ts";
import { settingsOf } from "./settings.ts";
import type { SessionRow, SessionTables } from "./tables.ts";

const DEVICE_LENGTH_MAX = 256;
const ADDRESS_LENGTH_MAX = 64;
/** Of those beyond the number one person may have, so many are ended by one sign-in. */
const CROWDED_OUT_MAX = 20;

/** What sessions are opened with. */
export interface OpenParts extends EndParts {
  readonly ctx: PluginContext;
  readonly tokens: AccessTokens;
}

/** What beside `NewSession` a session may be bound to: that of one which it takes the place of. */
export interface Bounds {
  readonly expiresAt?: number;
}

/** Opens a session: its row, `session.created`, the audit's note, and all that its holder is given. */
export async function openSession(
  parts: OpenParts,
  session: NewSession & Bounds,
  tx: Tx,
): Promise<OpenedSession> {
  const { ctx } = parts;
  const made = makeSession(session, ctx);
  await crowdOut(parts, session.userId, tx);
  await tx.db<SessionTables>().insertInto("identity_sessions").values(made.row).execute();
  const { id, user_id: userId, expires_at: expiresAt } = made.row;
  const impersonator = session.impersonator ?? null;
  const told = { id, userId, methods: session.methods, impersonator };
  const there = tx.within({ organization: session.organization });
  there.emit("session.created", told, { subject: id });
  there.audit({ action: "session.created", target: id, after: told });
  const expiresIn = tokenLife(session, expiresAt, ctx);
  return {
    id,
    accessToken: parts.tokens.issue(claimsOf(made.row), expiresIn),
    refreshToken: made.refresh,
    expiresIn,
    cookies: cookiesFor(made.cookie, session, ctx),
  };
}

/** What a session's access tokens say. */
export function claimsOf(row: SessionRow): Parameters<AccessTokens["issue"]>[0] {
  return {
    sub: row.user_id,
    sid: row.id,
    org: row.organization,
    auth_time: Math.floor(row.proved_at / 1_000),
    // Written by `makeSession`.
    amr: JSON.parse(row.methods) as string[],
    ...(row.impersonator === null ? {} : { act: { sub: row.impersonator } }),
  };
}

interface MadeSession {
  readonly row: SessionRow;
  readonly cookie: string;
  readonly refresh: string | null;
}

function makeSession(session: NewSession & Bounds, ctx: PluginContext): MadeSession {
  const now = Math.floor(ctx.clock.now());
  const { idleMs, absoluteMs } = limitsFor(session, ctx);
  const expiresAt = Math.min(now + absoluteMs, session.expiresAt ?? Infinity);
  const id = ctx.makeId("session");
  const seal = new Uint8Array(32);
  ctx.fillRandom(seal);
  const cookie = makeCookieText(ctx.fillRandom);
  const isOwn = session.impersonator === undefined;
  const refresh = isOwn ? makeRefreshText({ id, generation: 0, seal }, ctx.fillRandom) : null;
  return {
    cookie,
    refresh,
    row: {
      id,
      user_id: session.userId,
      organization: session.organization,
      token_hash: sha256(cookie),
      refresh_hash: refresh === null ? null : sha256(refresh),
      refresh_generation: 0,
      refresh_seal: seal,
      refreshed_at: now,
      forgiven_from: 0,
      life: session.life ?? "long",
      methods: JSON.stringify(session.methods),
      address: session.from.address.slice(0, ADDRESS_LENGTH_MAX),
      device: session.from.device.slice(0, DEVICE_LENGTH_MAX),
      created_at: now,
      proved_at: now,
      last_seen_at: now,
      expires_at: expiresAt,
      idle_ms: idleMs,
      ends_at: Math.min(expiresAt, now + idleMs),
      impersonator: session.impersonator ?? null,
      impersonator_session: session.impersonatorSession ?? null,
    },
  };
}

function limitsFor(
  { impersonator, life = "long" }: NewSession,
  ctx: PluginContext,
): ReturnType<typeof limitsOf> {
  if (impersonator === undefined) return limitsOf(life, settingsOf(ctx));
  return { idleMs: IMPERSONATION_MS, absoluteMs: IMPERSONATION_MS };
}

/** An impersonator's token cannot be renewed, so it lasts as long as the session. */
function tokenLife(session: NewSession, expiresAt: number, ctx: PluginContext): number {
  const leftSeconds = Math.max(1, Math.floor((expiresAt - ctx.clock.now()) / 1_000));
  if (session.impersonator !== undefined) return leftSeconds;
  return Math.min(settingsOf(ctx).tokens.lifeSeconds, leftSeconds);
}

function cookiesFor(text: string, session: NewSession, ctx: PluginContext): readonly string[] {
  const form = cookieForm(ctx.server);
  if (form === undefined || session.impersonator !== undefined) return [];
  const isRemembered = session.life !== "short";
  const { absoluteMs } = limitsFor(session, ctx);
  return [writeCookie(form, text, isRemembered ? absoluteMs / 1_000 : undefined)];
}

/** Ends the longest unused where a person has as many as allowed: a stolen password cannot fill the table. */
async function crowdOut(parts: OpenParts, userId: string, tx: Tx): Promise<void> {
  const rows = await tx
    .db<SessionTables>()
    .selectFrom("identity_sessions")
    .selectAll()
    .where("user_id", "=", userId)
    .orderBy("last_seen_at", "desc")
    .orderBy("id", "desc")
    .offset(settingsOf(parts.ctx).sessions.perPersonMax - 1)
    .limit(CROWDED_OUT_MAX)
    .execute();
  await endRows(parts, { rows, reason: "crowdedOut" }, tx);
}
