import { checkRevision, listOf, operation } from "portico/kernel";
import type { Operation, Read, Tx } from "portico/kernel";
import { Type } from "typebox";
import { Identity } from "../../capability.ts";
import { builtInRoles } from "../built-in-roles.ts";
import { raise } from "../errors.ts";
import { checkGiving } from "../give.ts";
import { readRoles, ROLES_MAX, toRole } from "../roles.ts";
import type { Role } from "../roles.ts";
import type { OrganizationTables, RoleRow } from "../tables.ts";
import { Permission, RoleName, RoleView, viewRole } from "../view.ts";

const Permissions = Type.Array(Permission, { maxItems: 200, uniqueItems: true });
const Description = Type.String({ maxLength: 500 });
const ROLE = { path: { id: "editor" }, after: ["roles.create"] };
const ByName = Type.Object({ id: Type.String({ maxLength: 63 }) });

/** `GET /roles`: what each may do. */
export const listRoles: Operation = operation({
  id: "roles.list",
  method: "GET",
  path: "/roles",
  summary: "List roles and what they may do",
  description:
    "All of them on one page: those of every organization from the most to the least, then its own.",
  access: "roles:read",
  mode: "read",
  replies: { 200: listOf(RoleView) },
  example: {},
  async handle({ read }) {
    const roles = await readRoles(read);
    return { data: [...roles.values()].map(viewRole), next: null };
  },
});

/** `GET /roles/{id}` */
export const getRole: Operation = operation({
  id: "roles.get",
  method: "GET",
  path: "/roles/{id}",
  summary: "Get a role",
  description: "By its name.",
  access: "roles:read",
  mode: "read",
  params: ByName,
  replies: { 200: RoleView },
  errors: ["identity.roleNotFound"],
  example: ROLE,
  async handle({ path, read }) {
    return viewRole(await findRole(path.id, read));
  },
});

/** `POST /roles`: a role of the organization's own. */
export const createRole: Operation = operation({
  id: "roles.create",
  method: "POST",
  path: "/roles",
  summary: "Make a role",
  description:
    "Of permissions such as `notes:read`, `notes:*` or `*`, which lie within what the caller may do. `GET /roles` shows all.",
  access: "roles:write",
  mode: "write",
  idempotent: true,
  body: Type.Object(
    { name: RoleName, description: Type.Optional(Description), permissions: Permissions },
    { additionalProperties: false },
  ),
  replies: { 201: RoleView },
  errors: ["identity.roleTaken", "identity.exceedsGiver", "identity.tooMany"],
  example: {
    body: { name: "editor", description: "Writes events.", permissions: ["events:*"] },
    refused: {
      "identity.roleTaken": { body: { name: "writer", permissions: [] }, times: 2 },
    },
  },
  async handle({ body, caller, tx, ctx }) {
    const { name, description = "", permissions } = body;
    checkGiving(permissions, { caller });
    const roles = await readRoles(tx);
    if (roles.has(name) || name === "user") throw raise("identity.roleTaken", { params: { name } });
    if (roles.size - Object.keys(builtInRoles).length >= ROLES_MAX) {
      throw raise("identity.tooMany", { params: { max: ROLES_MAX, what: "roles" } });
    }
    const row: RoleRow = {
      organization: caller.organization,
      name,
      description,
      permissions: JSON.stringify(permissions),
      created_at: Math.floor(ctx.clock.now()),
      created_by: caller.subject,
      revision: 1,
    };
    ctx.get(Identity).organizations.changing("*", tx);
    const { numInsertedOrUpdatedRows: made } = await tx
      .db<OrganizationTables>()
      .insertInto("identity_roles")
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow();
    if (Number(made) === 0) throw raise("identity.roleTaken", { params: { name } });
    const role = toRole(name, row);
    tell("role.created", { after: role }, tx);
    return viewRole(role);
  },
});

/** `PATCH /roles/{id}`: one's own, and what an organization makes of `moderator`, `member` and `guest`. */
export const updateRole: Operation = operation({
  id: "roles.update",
  method: "PATCH",
  path: "/roles/{id}",
  summary: "Change a role",
  description:
    "One of the organization's own, or what it makes of `moderator`, `member` (`user`) and `guest`. Permissions are replaced " +
    "whole; those before and those after lie within what the caller may do. What `guest` of `default` may do, callers " +
    "without an account may.",
  access: "roles:write",
  mode: "write",
  params: ByName,
  body: Type.Partial(Type.Object({ description: Description, permissions: Permissions }), {
    additionalProperties: false,
    minProperties: 1,
  }),
  replies: { 200: RoleView },
  errors: ["identity.roleNotFound", "identity.roleFixed", "identity.exceedsGiver"],
  example: {
    ...ROLE,
    body: { permissions: ["events:read"] },
    refused: { "identity.roleFixed": { path: { id: "admin" }, after: [] } },
  },
  async handle({ path, body, ifMatch, caller, tx, ctx }) {
    await lockRole(path.id, tx);
    const before = await findRole(path.id, tx);
    const { name } = before;
    if (before.isFixed) throw raise("identity.roleFixed", { params: { name } });
    checkRevision(ifMatch, before.revision);
    checkGiving(before.permissions, { caller });
    const { description = before.description, permissions = before.permissions } = body;
    checkGiving(permissions, { caller });
    const set = {
      description,
      permissions: JSON.stringify(permissions),
      revision: before.revision + 1,
    };
    const row: RoleRow = {
      ...set,
      organization: caller.organization,
      name,
      created_at: Math.floor(ctx.clock.now()),
      created_by: caller.subject,
    };
    ctx.get(Identity).organizations.changing("*", tx);
    await tx
      .db<OrganizationTables>()
      .insertInto("identity_roles")
      .values(row)
      .onConflict((conflict) => conflict.columns(["organization", "name"]).doUpdateSet(set))
      .execute();
    const after = toRole(name, row);
    tell("role.updated", { before, after }, tx);
    return viewRole(after);
  },
});

/** `DELETE /roles/{id}`: one of the organization's own that nobody holds. */
export const deleteRole: Operation = operation({
  id: "roles.delete",
  method: "DELETE",
  path: "/roles/{id}",
  summary: "Delete a role",
  description: "One of the organization's own that nobody holds.",
  access: "roles:write",
  mode: "write",
  params: ByName,
  replies: { 204: null },
  errors: [
    "identity.roleNotFound",
    "identity.roleFixed",
    "identity.roleInUse",
    "identity.exceedsGiver",
  ],
  example: {
    ...ROLE,
    refused: { "identity.roleFixed": { path: { id: "guest" }, after: [] } },
  },
  async handle({ path, caller, tx, ctx }) {
    await lockRole(path.id, tx);
    const role = await findRole(path.id, tx);
    const { name } = role;
    if (role.isBuiltIn) throw raise("identity.roleFixed", { params: { name } });
    checkGiving(role.permissions, { caller });
    const holders = await holdersOf(name, Math.floor(ctx.clock.now()), tx);
    if (holders > 0) {
      throw raise("identity.roleInUse", { params: { name, count: holders } });
    }
    ctx.get(Identity).organizations.changing("*", tx);
    await tx
      .db<OrganizationTables>()
      .deleteFrom("identity_roles")
      .where("name", "=", name)
      .execute();
    tell("role.deleted", { before: role }, tx);
  },
});

async function findRole(id: string, read: Read): Promise<Role> {
  const role = (await readRoles(read)).get(id === "user" ? "member" : id);
  if (role === undefined) throw raise("identity.roleNotFound", { params: { id } });
  return role;
}

/** Holds the role's row, where it has one, until the transaction ends. */
async function lockRole(name: string, tx: Tx): Promise<void> {
  const select = tx
    .db<OrganizationTables>()
    .selectFrom("identity_roles")
    .select("name")
    .where("name", "=", name);
  await tx.forUpdate(select).execute();
}

/** How many members, teams, service accounts and open invitations name the role. Its name has no `%` and no `_`. */
async function holdersOf(name: string, nowMs: number, tx: Tx): Promise<number> {
  const db = tx.db<OrganizationTables>();
  const named = `%"${name}"%`;
  const tables = ["identity_memberships", "identity_teams", "identity_service_accounts"] as const;
  const invited = await db
    .selectFrom("identity_invitations")
    .select((select) => select.fn.countAll<number>().as("count"))
    .where("roles", "like", named)
    .where("accepted_at", "is", null)
    .where("revoked_at", "is", null)
    .where("expires_at", ">", nowMs)
    .executeTakeFirstOrThrow();
  let held = invited.count;
  for (const table of tables) {
    const { count } = await db
      .selectFrom(table)
      .select((select) => select.fn.countAll<number>().as("count"))
      .where("roles", "like", named)
      .executeTakeFirstOrThrow();
    held += count;
  }
  return held;
}

function tell(
  action: `role.${"created" | "updated" | "deleted"}`,
  change: { readonly before?: Role; readonly after?: Role },
  tx: Tx,
): void {
  const role = change.after ?? change.before;
  if (role === undefined) return;
  const { name, permissions } = role;
  tx.emit(action, { name, permissions }, { subject: name });
  tx.audit({
    action,
    target: name,
    ...(change.before === undefined ? {} : { before: viewRole(change.before) }),
    ...(change.after === undefined ? {} : { after: viewRole(change.after) }),
  });
}
