import { grants } from "portico/kernel";
import type { Caller, PluginContext } from "portico/kernel";
import { Identity } from "../capability.ts";
import type { Holding } from "../organizations/face.ts";
import type { Person } from "../people/face.ts";
import type { SessionRow, SessionTables } from "./tables.ts";

/** What is remembered of a session that lives. */
export interface LiveSession {
  readonly id: string;
  readonly userId: string;
  readonly impersonator: string | null;
  /** What the caller may do, as it was when the caller was made. */
  holding: Holding;
  /** One object as long as nothing of it changes. */
  caller: Caller;
  readonly expiresAt: number;
  readonly idleMs: number;
  /** Moves on as it is used. */
  endsAt: number;
  /** When its use was last noted. */
  notedAt: number;
}

/** The session of an id with person and holding, each as it is now; undefined when any of them is not, or not any more. */
export async function loadLive(
  id: string,
  now: number,
  ctx: PluginContext,
): Promise<LiveSession | undefined> {
  const row = await findRow(id, ctx);
  return row === undefined || row.ends_at <= now ? undefined : await toLive(row, now, ctx);
}

/**
 * Brings what is remembered of a session up to what its person holds now; undefined where that has to be looked up. The
 * holding is asked for each time, since grants end by the clock, too.
 */
export function withPresentHolding(
  session: LiveSession,
  ctx: PluginContext,
): LiveSession | undefined {
  const { userId, caller } = session;
  const held = ctx.get(Identity).organizations.knownHolding(userId, caller.organization);
  if (held === undefined) return undefined;
  if (held !== session.holding) {
    const { permissions, grants } = held;
    session.holding = held;
    session.caller = { ...caller, permissions, grants };
  }
  return session;
}

/** The row of a session, lived out or not. */
export async function findRow(id: string, ctx: PluginContext): Promise<SessionRow | undefined> {
  return await ctx.store
    .read("instance")
    .db<SessionTables>()
    .selectFrom("identity_sessions")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
}

/** The id of the session whose cookie has this hash. */
export async function findByCookie(
  hash: Uint8Array,
  ctx: PluginContext,
): Promise<string | undefined> {
  const row = await ctx.store
    .read("instance")
    .db<SessionTables>()
    .selectFrom("identity_sessions")
    .select("id")
    .where("token_hash", "=", hash)
    .executeTakeFirst();
  return row?.id;
}

async function toLive(
  row: SessionRow,
  now: number,
  ctx: PluginContext,
): Promise<LiveSession | undefined> {
  const { people, organizations } = ctx.get(Identity);
  const [person, holding, mayGoOn] = await Promise.all([
    people.find(row.user_id),
    organizations.holdingOf(row.user_id, row.organization),
    mayImpersonate(row, now, ctx),
  ]);
  if (person?.state !== "active" || holding === undefined || !mayGoOn) return undefined;
  return {
    id: row.id,
    userId: row.user_id,
    impersonator: row.impersonator,
    holding,
    caller: callerOf(row, person, holding),
    expiresAt: row.expires_at,
    idleMs: row.idle_ms,
    endsAt: row.ends_at,
    notedAt: row.last_seen_at,
  };
}

/** Whoever acts as somebody else may do so while the own session lasts and the own right to it. */
async function mayImpersonate(row: SessionRow, now: number, ctx: PluginContext): Promise<boolean> {
  const { impersonator, impersonator_session } = row;
  if (impersonator === null || impersonator_session === null) return true;
  const [own, person] = await Promise.all([
    findRow(impersonator_session, ctx),
    ctx.get(Identity).people.find(impersonator),
  ]);
  return (
    own !== undefined &&
    own.ends_at > now &&
    person?.state === "active" &&
    person.instancePermissions.some((held) => grants(held, "users:impersonate"))
  );
}

function callerOf(row: SessionRow, person: Person, holding: Holding): Caller {
  const { id, organization, impersonator } = row;
  return {
    kind: "user",
    organization,
    subject: person.id,
    userId: person.id,
    credential: id,
    name: person.username,
    permissions: holding.permissions,
    grants: holding.grants,
    // Who acts as somebody else sees what that person sees in the organization, and nothing of the installation.
    instancePermissions: impersonator === null ? person.instancePermissions : [],
    ...(impersonator === null ? {} : { impersonator }),
  };
}
