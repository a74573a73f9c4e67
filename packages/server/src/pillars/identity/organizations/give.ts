import { mayGive } from "portico/kernel";
import type { Caller, PluginContext, Read } from "portico/kernel";
import { OWNER } from "./built-in-roles.ts";
import { raise } from "./errors.ts";
import { personOf } from "./inside.ts";
import { namedRoles, readRoles } from "./roles.ts";
import { listIn } from "./tables.ts";
import type { OrganizationTables } from "./tables.ts";

/** Whoever gives, and the organization in which he does. */
export interface Giver {
  readonly caller: Caller;
  readonly ctx: PluginContext;
  /** Bound to the organization: what is decided by is read, not remembered. */
  readonly read: Read;
}

/** Throws `identity.exceedsGiver` when a permission among these is none that the giver may give. */
export function checkGiving(
  permissions: readonly string[],
  { caller }: Pick<Giver, "caller">,
): void {
  const lacking = permissions.find((permission) => !mayGive(caller, permission));
  if (lacking === undefined) return;
  throw raise("identity.exceedsGiver", { params: { what: `the permission '${lacking}'` } });
}

/**
 * The names of roles that the giver may give, as they are kept. Throws `identity.roleUnknown`, `identity.exceedsGiver`, and
 * `identity.ownerNeeded` where `owner` is among them.
 */
export async function givenRoles(
  given: readonly string[],
  giver: Giver,
): Promise<readonly string[]> {
  const { names, permissions } = await namedRoles(given, giver.read);
  checkGiving(permissions, giver);
  if (names.includes(OWNER)) await checkOwner(giver);
  return names;
}

/** The same for whoever is no person. Throws `identity.ownerIsPersonal` besides. */
export async function givenToMany(
  given: readonly string[],
  giver: Giver,
  what: string,
): Promise<readonly string[]> {
  if (given.includes(OWNER)) throw raise("identity.ownerIsPersonal", { params: { what } });
  return await givenRoles(given, giver);
}

/**
 * Refuses to act on somebody who holds more than the caller does: else a moderator could remove an administrator. Throws
 * `identity.exceedsGiver`, `identity.ownerNeeded`.
 */
export async function checkReach(roles: readonly string[], giver: Giver): Promise<void> {
  if (roles.includes(OWNER)) await checkOwner(giver);
  const all = await readRoles(giver.read);
  // A role that is gone means nothing.
  checkGiving(
    roles.flatMap((name) => all.get(name)?.permissions ?? []),
    giver,
  );
}

/**
 * Refuses to give what a team's grants hold (`allow`), or what its denials take (`deny`), to who lacks it himself. Throws
 * `identity.exceedsGiver`.
 */
export async function checkTeamGrants(
  team: string,
  effect: "allow" | "deny",
  { caller, read }: Giver,
): Promise<void> {
  const rows = await read
    .db<OrganizationTables>()
    .selectFrom("identity_grants")
    .select(["permission", "resource"])
    .where("subject_kind", "=", "team")
    .where("subject", "=", team)
    .where("effect", "=", effect)
    .execute();
  const lacking = rows.find(({ permission, resource }) => !mayGive(caller, permission, resource));
  if (lacking === undefined) return;
  const what = `the permission '${lacking.permission}' over '${lacking.resource}'`;
  throw raise("identity.exceedsGiver", { params: { what } });
}

/** Throws `identity.ownerNeeded` unless the caller is an owner, or may do it everywhere. */
async function checkOwner({ caller, ctx, read }: Giver): Promise<void> {
  if (caller.kind === "internal" || ctx.access.can(caller, "organizations:all").allowed) return;
  if (await isOwner(caller, read)) return;
  throw raise("identity.ownerNeeded");
}

/** True for a person who is an owner of the organization now, whatever is remembered of him. */
export async function isOwner(caller: Caller, read: Read): Promise<boolean> {
  const person = personOf(caller);
  if (person === undefined) return false;
  const row = await read
    .db<OrganizationTables>()
    .selectFrom("identity_memberships")
    .select(["roles", "banned_at"])
    .where("user_id", "=", person)
    .executeTakeFirst();
  return row !== undefined && row.banned_at === null && listIn(row.roles).includes(OWNER);
}
