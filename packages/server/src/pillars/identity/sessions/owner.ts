import type { Caller, PluginContext } from "portico/kernel";
import { raise } from "./errors.ts";
import type { SessionRow } from "./tables.ts";

/**
 * The person who calls. Throws `identity.notSession` for other credentials: what a key says of its user is its creator's word,
 * and opens nobody's sessions.
 */
export function personOf({ kind, subject }: Caller): string {
  if (kind === "user") return subject;
  throw raise("identity.notSession");
}

/** The session that calls. Throws `identity.notSession`. */
export function sessionOf(caller: Caller): string {
  if (caller.kind === "user" && caller.credential !== undefined) return caller.credential;
  throw raise("identity.notSession");
}

/** Which session is meant, and by whom. */
export interface Wanted {
  readonly id: string;
  readonly caller: Caller;
  readonly ctx: PluginContext;
  readonly permission: "sessions:read" | "sessions:write";
}

/**
 * The session, when it lives and is the caller's own, or of the caller's organization and the caller holds the permission.
 * Throws `identity.sessionNotFound`.
 */
export function visible(row: SessionRow | undefined, wanted: Wanted): SessionRow {
  const { id, caller, ctx, permission } = wanted;
  const isAlive = row !== undefined && row.ends_at > ctx.clock.now();
  if (isAlive && (isOwn(row, caller) || mayAll(row, { caller, ctx, permission }))) return row;
  throw raise("identity.sessionNotFound", { params: { id } });
}

function isOwn(row: SessionRow, { kind, subject }: Caller): boolean {
  return kind === "user" && row.user_id === subject;
}

function mayAll(row: SessionRow, { caller, ctx, permission }: Omit<Wanted, "id">): boolean {
  return row.organization === caller.organization && ctx.access.can(caller, permission).allowed;
}
