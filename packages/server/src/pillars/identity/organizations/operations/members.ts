import { checkRevision, listOf, operation, pageQuery } from "portico/kernel";
import type { Caller, Operation, PluginContext, Tx } from "portico/kernel";
import { Type } from "typebox";
import { Identity } from "../../capability.ts";
import { MEMBER } from "../built-in-roles.ts";
import { raise } from "../errors.ts";
import { checkReach, givenRoles } from "../give.ts";
import { checkOwn, personOf } from "../inside.ts";
import { insertMember, lockMember, removeMember, writeBan, writeRoles } from "../members.ts";
import { readStanding } from "../standing.ts";
import { listIn } from "../tables.ts";
import type { MembershipRow, OrganizationTables } from "../tables.ts";
import { Id, MemberView, namesOf, RoleNames, UserId, viewMember } from "../view.ts";

const Path = Type.Object({ organization: Id });
const MemberPath = Type.Object({ organization: Id, id: UserId });
const AN_ID = "host-user-7";
const ONE = { path: { organization: "default", id: AN_ID }, after: ["members.add"] };
const ERRORS = ["identity.organizationNotFound", "identity.memberNotFound"];
const REACH = ["identity.exceedsGiver", "identity.ownerNeeded"];

/** `GET /organizations/{organization}/members` */
export const listMembers: Operation = operation({
  id: "members.list",
  method: "GET",
  path: "/organizations/{organization}/members",
  summary: "List members",
  description: "By their ids; banned ones, too.",
  access: "members:read",
  mode: "read",
  params: Path,
  query: Type.Object({ ...pageQuery }, { additionalProperties: false }),
  replies: { 200: listOf(MemberView) },
  errors: ["identity.organizationNotFound"],
  example: { path: { organization: "default" }, after: ["members.add"] },
  async handle({ path, query, cursor, caller, read, ctx }) {
    checkOwn(path.organization, caller);
    const limit = query.limit ?? 50;
    const after = cursor.after?.[0];
    let select = read.db<OrganizationTables>().selectFrom("identity_memberships").selectAll();
    if (after !== undefined) select = select.where("user_id", ">", String(after));
    const rows = await select
      .orderBy("user_id")
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    const names = await namesOf(
      page.map((row) => row.user_id),
      ctx,
    );
    return {
      data: page.map((row) => viewMember(row, names)),
      next: last === undefined ? null : cursor.next([last.user_id]),
    };
  },
});

/** `GET /organizations/{organization}/members/{id}` */
export const getMember: Operation = operation({
  id: "members.get",
  method: "GET",
  path: "/organizations/{organization}/members/{id}",
  summary: "Get a member",
  access: "members:read",
  mode: "read",
  params: MemberPath,
  replies: { 200: MemberView },
  errors: ERRORS,
  example: ONE,
  async handle({ path, caller, read, ctx }) {
    checkOwn(path.organization, caller);
    const row = await read
      .db<OrganizationTables>()
      .selectFrom("identity_memberships")
      .selectAll()
      .where("user_id", "=", path.id)
      .executeTakeFirst();
    return viewMember(present(row, path.id), await namesOf([path.id], ctx));
  },
});

/** `POST /organizations/{organization}/members` */
export const addMember: Operation = operation({
  id: "members.add",
  method: "POST",
  path: "/organizations/{organization}/members",
  summary: "Add a member",
  description:
    "Without asking the person: a user of the host application, or a person who shares an organization with the caller. " +
    "Anybody else is invited, or added with `organizations:all`. Roles lie within what the caller may do.",
  access: "members:write",
  mode: "write",
  idempotent: true,
  params: Path,
  body: Type.Object(
    { userId: UserId, roles: Type.Optional(RoleNames) },
    { additionalProperties: false },
  ),
  replies: { 201: MemberView },
  errors: [
    "identity.organizationNotFound",
    "identity.memberTaken",
    "identity.strangerAdded",
    "identity.roleUnknown",
    ...REACH,
  ],
  example: {
    path: { organization: "default" },
    body: { userId: AN_ID, roles: ["member"] },
    refused: { "identity.memberTaken": { body: { userId: "host-user-8" }, times: 2 } },
  },
  async prepare({ path, body, caller, read, ctx }) {
    checkOwn(path.organization, caller);
    await checkAcquainted(body.userId, caller, ctx);
    const roles = await givenRoles(body.roles ?? [MEMBER], { caller, ctx, read });
    return { roles, names: await namesOf([body.userId], ctx) };
  },
  async handle({ body, prepared, tx, ctx }) {
    const { userId } = body;
    const row = await insertMember({ userId, roles: prepared.roles }, { ctx, tx });
    if (row === undefined) throw raise("identity.memberTaken", { params: { id: userId } });
    return viewMember(row, prepared.names);
  },
});

/** `PATCH /organizations/{organization}/members/{id}`: other roles. */
export const updateMember: Operation = operation({
  id: "members.update",
  method: "PATCH",
  path: "/organizations/{organization}/members/{id}",
  summary: "Change a member's roles",
  description:
    "The roles that are given are all that the member has afterwards. Both those before and those after lie within what the " +
    "caller may do. In force on this process from the answer on, on all others within a second.",
  access: "members:write",
  mode: "write",
  params: MemberPath,
  body: Type.Object({ roles: RoleNames }, { additionalProperties: false }),
  replies: { 200: MemberView },
  errors: [...ERRORS, "identity.roleUnknown", "identity.lastOwner", ...REACH],
  example: { ...ONE, body: { roles: ["moderator"] } },
  prepare: ({ path, caller, ctx }) => looked(path, caller, ctx),
  async handle({ path, body, prepared, ifMatch, caller, tx, ctx }) {
    const giver = { caller, ctx, read: tx };
    const row = present(await lockMember(path.id, tx), path.id);
    checkRevision(ifMatch, row.revision);
    await checkReach(listIn(row.roles), giver);
    const roles = await givenRoles(body.roles, giver);
    return viewMember(await writeRoles(row, roles, { ctx, tx }), prepared);
  },
});

/** `DELETE /organizations/{organization}/members/{id}` */
export const removeMemberOperation: Operation = operation({
  id: "members.remove",
  method: "DELETE",
  path: "/organizations/{organization}/members/{id}",
  summary: "Remove a member",
  description: "With its places in teams and its grants. The last owner stays.",
  access: "members:write",
  mode: "write",
  params: MemberPath,
  replies: { 204: null },
  errors: [...ERRORS, "identity.lastOwner", ...REACH],
  example: ONE,
  async handle({ path, caller, tx, ctx }) {
    const row = await reached(path, caller, { ctx, tx });
    await removeMember(row, { ctx, tx });
  },
});

/** `POST /organizations/{organization}/members/{id}/ban` */
export const banMember: Operation = operation({
  id: "members.ban",
  method: "POST",
  path: "/organizations/{organization}/members/{id}/ban",
  summary: "Ban a member",
  description:
    "The member may do nothing in the organization, and cannot come in again by an invitation, until let back in. Keys that " +
    "act for it are refused. In force on this process from the answer on, on all others within a second.",
  access: "members:ban",
  mode: "write",
  params: MemberPath,
  body: Type.Object(
    { reason: Type.Optional(Type.Union([Type.String({ maxLength: 500 }), Type.Null()])) },
    { additionalProperties: false },
  ),
  replies: { 200: MemberView },
  errors: [...ERRORS, "identity.lastOwner", ...REACH],
  example: { ...ONE, body: { reason: "Spam" } },
  prepare: ({ path, caller, ctx }) => looked(path, caller, ctx),
  async handle({ path, body, prepared, caller, tx, ctx }) {
    const row = await reached(path, caller, { ctx, tx });
    const ban = { by: personOf(caller) ?? caller.subject, reason: body.reason ?? null };
    return viewMember(await writeBan(row, ban, { ctx, tx }), prepared);
  },
});

/** `POST /organizations/{organization}/members/{id}/unban` */
export const unbanMember: Operation = operation({
  id: "members.unban",
  method: "POST",
  path: "/organizations/{organization}/members/{id}/unban",
  summary: "Let a banned member back in",
  description: "With the roles that it had.",
  access: "members:ban",
  mode: "write",
  params: MemberPath,
  replies: { 200: MemberView },
  errors: [...ERRORS, ...REACH],
  example: ONE,
  prepare: ({ path, caller, ctx }) => looked(path, caller, ctx),
  async handle({ path, prepared, caller, tx, ctx }) {
    const row = await reached(path, caller, { ctx, tx });
    if (row.banned_at === null) return viewMember(row, prepared);
    return viewMember(await writeBan(row, null, { ctx, tx }), prepared);
  },
});

interface Where {
  readonly organization: string;
  readonly id: string;
}

/** Before the transaction: whose organization it is, and what the person is called. */
async function looked(
  { organization, id }: Where,
  caller: Caller,
  ctx: PluginContext,
): Promise<Awaited<ReturnType<typeof namesOf>>> {
  checkOwn(organization, caller);
  return await namesOf([id], ctx);
}

/** The row of a member who holds no more than the caller does, held until the transaction ends. */
async function reached(
  { organization, id }: Where,
  caller: Caller,
  { ctx, tx }: { readonly ctx: PluginContext; readonly tx: Tx },
): Promise<MembershipRow> {
  checkOwn(organization, caller);
  const row = present(await lockMember(id, tx), id);
  if (personOf(caller) === id) return row;
  const { roles } = await readStanding(tx, id);
  const held = new Set([...listIn(row.roles), ...roles.map(({ name }) => name)]);
  await checkReach([...held], { caller, ctx, read: tx });
  return row;
}

function present(row: MembershipRow | undefined, id: string): MembershipRow {
  if (row !== undefined) return row;
  throw raise("identity.memberNotFound", { params: { id } });
}

/**
 * A person of Portico is told of to who shares an organization with it: adding anybody by an id would tell of everybody. Ids
 * of the host application name nobody here.
 */
async function checkAcquainted(id: string, caller: Caller, ctx: PluginContext): Promise<void> {
  const { people, organizations } = ctx.get(Identity);
  if (caller.kind === "internal" || ctx.access.can(caller, "organizations:all").allowed) return;
  const person = personOf(caller);
  if (person === id || (await people.find(id)) === undefined) return;
  const own = person === undefined ? [] : await organizations.membershipsOf(person);
  const places = new Set(own.map(({ organization }) => organization));
  const theirs = await organizations.membershipsOf(id);
  if (theirs.some(({ organization }) => places.has(organization))) return;
  throw raise("identity.strangerAdded", { params: { id } });
}
