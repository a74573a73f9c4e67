import type { PluginContext, Tx } from "portico/kernel";
import { Identity } from "../capability.ts";
import { OWNER } from "./built-in-roles.ts";
import { raise } from "./errors.ts";
import type { Membership } from "./face.ts";
import { listIn } from "./tables.ts";
import type { MembershipRow, OrganizationTables } from "./tables.ts";

/** A transaction over the organization whose members are changed. */
export interface Place {
  readonly ctx: PluginContext;
  readonly tx: Tx;
}

/** Somebody and the roles meant for him. */
export interface Wanted {
  readonly userId: string;
  /** Names as they are kept. */
  readonly roles: readonly string[];
}

/** The organization that a handle is bound to. */
function organizationOf({ scope }: Pick<Tx, "scope">): string {
  if (scope === "instance") throw new TypeError("members are of one organization");
  return scope.organization;
}

/** A member as the other rooms see one. */
export function toMembership(row: MembershipRow): Membership {
  return { organization: row.organization, userId: row.user_id, roles: listIn(row.roles) };
}

/** The row of somebody, held until the transaction ends. */
export async function lockMember(userId: string, tx: Tx): Promise<MembershipRow | undefined> {
  const select = tx
    .db<OrganizationTables>()
    .selectFrom("identity_memberships")
    .selectAll()
    .where("user_id", "=", userId);
  return await tx.forUpdate(select).executeTakeFirst();
}

/** Makes somebody a member, or gives a member these roles besides. Throws `identity.banned`. */
export async function join(wanted: Wanted, place: Place): Promise<MembershipRow> {
  const row =
    (await lockMember(wanted.userId, place.tx)) ??
    (await insertMember(wanted, place)) ??
    (await lockMember(wanted.userId, place.tx));
  if (row === undefined) throw raise("identity.memberNotFound", { params: { id: wanted.userId } });
  if (row.banned_at !== null) throw raise("identity.banned");
  const held = listIn(row.roles);
  const roles = [...new Set([...held, ...wanted.roles])];
  return roles.length === held.length ? row : await writeRoles(row, roles, place);
}

/** Adds the row of a new member, and tells of it; undefined where another was faster. */
export async function insertMember(
  { userId, roles }: Wanted,
  { ctx, tx }: Place,
): Promise<MembershipRow | undefined> {
  const row: MembershipRow = {
    organization: organizationOf(tx),
    user_id: userId,
    roles: JSON.stringify(roles),
    joined_at: Math.floor(ctx.clock.now()),
    banned_at: null,
    banned_by: null,
    ban_reason: null,
    revision: 1,
  };
  ctx.get(Identity).organizations.changing(userId, tx);
  const { numInsertedOrUpdatedRows: made } = await tx
    .db<OrganizationTables>()
    .insertInto("identity_memberships")
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  if (Number(made) === 0) return undefined;
  tell({ action: "member.added", row, after: { roles } }, tx);
  return row;
}

/** Gives a member other roles, whose row is held. Throws `identity.lastOwner`. */
export async function writeRoles(
  row: MembershipRow,
  roles: readonly string[],
  { ctx, tx }: Place,
): Promise<MembershipRow> {
  const before = listIn(row.roles);
  if (before.includes(OWNER) && !roles.includes(OWNER)) await keepAnOwner(row, tx);
  const set = { roles: JSON.stringify(roles), revision: row.revision + 1 };
  ctx.get(Identity).organizations.changing(row.user_id, tx);
  await tx
    .db<OrganizationTables>()
    .updateTable("identity_memberships")
    .set(set)
    .where("user_id", "=", row.user_id)
    .execute();
  const after = { ...row, ...set };
  tell({ action: "member.changed", row: after, before: { roles: before }, after: { roles } }, tx);
  return after;
}

/**
 * Ends a membership whose row is held, with the teams and grants that went with it. Denials stay: nobody gets rid of them by
 * leaving and coming in again. Throws `identity.lastOwner`.
 */
export async function removeMember(row: MembershipRow, { ctx, tx }: Place): Promise<void> {
  const roles = listIn(row.roles);
  if (roles.includes(OWNER)) await keepAnOwner(row, tx);
  await forgetMember(row, { ctx, tx });
}

/** The same without asking whether an owner is left. */
export async function forgetMember(row: MembershipRow, { ctx, tx }: Place): Promise<void> {
  const db = tx.db<OrganizationTables>();
  const { user_id: userId } = row;
  ctx.get(Identity).organizations.changing(userId, tx);
  await db.deleteFrom("identity_memberships").where("user_id", "=", userId).execute();
  await db.deleteFrom("identity_team_members").where("user_id", "=", userId).execute();
  await db
    .deleteFrom("identity_grants")
    .where("subject_kind", "=", "user")
    .where("subject", "=", userId)
    .where("effect", "=", "allow")
    .execute();
  tell({ action: "member.removed", row, before: { roles: listIn(row.roles) } }, tx);
}

/** Bars a member whose row is held, or lets him back in (`ban` null). Throws `identity.lastOwner`. */
export async function writeBan(
  row: MembershipRow,
  ban: { readonly by: string; readonly reason: string | null } | null,
  { ctx, tx }: Place,
): Promise<MembershipRow> {
  if (ban !== null && listIn(row.roles).includes(OWNER)) await keepAnOwner(row, tx);
  const set = {
    banned_at: ban === null ? null : Math.floor(ctx.clock.now()),
    banned_by: ban?.by ?? null,
    ban_reason: ban?.reason ?? null,
    revision: row.revision + 1,
  };
  ctx.get(Identity).organizations.changing(row.user_id, tx);
  await tx
    .db<OrganizationTables>()
    .updateTable("identity_memberships")
    .set(set)
    .where("user_id", "=", row.user_id)
    .execute();
  const after = { ...row, ...set };
  const action = ban === null ? "member.unbanned" : "member.banned";
  tell({ action, row: after, after: { reason: set.ban_reason } }, tx);
  return after;
}

/** Refuses to leave the organization without an owner; owners are held, so that two who go at once are asked in turn. */
async function keepAnOwner(row: MembershipRow, tx: Tx): Promise<void> {
  const select = tx
    .db<OrganizationTables>()
    .selectFrom("identity_memberships")
    .select(["user_id", "banned_at"])
    .where("roles", "like", `%"${OWNER}"%`)
    .orderBy("user_id");
  const owners = await tx.forUpdate(select).execute();
  const others = owners.filter(
    (owner) => owner.user_id !== row.user_id && owner.banned_at === null,
  );
  if (others.length === 0) throw raise("identity.lastOwner");
}

interface Told {
  readonly action: `member.${"added" | "changed" | "removed" | "banned" | "unbanned"}`;
  readonly row: MembershipRow;
  readonly before?: unknown;
  readonly after?: unknown;
}

function tell({ action, row, before, after }: Told, tx: Tx): void {
  const { organization, user_id: userId } = row;
  tx.emit(action, { organization, userId, roles: listIn(row.roles) }, { subject: userId });
  tx.audit({
    action,
    target: userId,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  });
}
