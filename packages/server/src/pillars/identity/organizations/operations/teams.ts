import { checkRevision, listOf, operation, pageQuery, toRfc3339 } from "portico/kernel";
import type { Operation, Read, Tx } from "portico/kernel";
import { Type } from "typebox";
import { Identity } from "../../capability.ts";
import { raise } from "../errors.ts";
import { checkReach, checkTeamGrants, givenToMany } from "../give.ts";
import { lockMember } from "../members.ts";
import { listIn } from "../tables.ts";
import type { OrganizationTables, TeamRow } from "../tables.ts";
import {
  ById,
  Id,
  Name,
  namesOf,
  RoleNames,
  TeamMemberView,
  TeamView,
  UserId,
  viewTeam,
} from "../view.ts";

const TEAMS_MAX = 1_000;
const TEAM = { path: { id: "{teams.create.id}" }, after: ["teams.create"] };
const REACH = ["identity.exceedsGiver", "identity.ownerNeeded"];
const ROLES = ["identity.roleUnknown", "identity.ownerIsPersonal", ...REACH];
const WHAT = "a team";

/** `GET /teams` */
export const listTeams: Operation = operation({
  id: "teams.list",
  method: "GET",
  path: "/teams",
  summary: "List teams",
  description: "Oldest first.",
  access: "teams:read",
  mode: "read",
  query: Type.Object({ ...pageQuery }, { additionalProperties: false }),
  replies: { 200: listOf(TeamView) },
  example: { after: ["teams.create"] },
  async handle({ query, cursor, read }) {
    const limit = query.limit ?? 50;
    const after = cursor.after?.[0];
    let select = read.db<OrganizationTables>().selectFrom("identity_teams").selectAll();
    if (after !== undefined) select = select.where("id", ">", String(after));
    const rows = await select
      .orderBy("id")
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(viewTeam),
      next: last === undefined ? null : cursor.next([last.id]),
    };
  },
});

/** `POST /teams` */
export const createTeam: Operation = operation({
  id: "teams.create",
  method: "POST",
  path: "/teams",
  summary: "Make a team",
  description: "Its members hold its roles beside their own.",
  access: "teams:write",
  mode: "write",
  idempotent: true,
  body: Type.Object(
    { name: Name, roles: Type.Optional(RoleNames) },
    { additionalProperties: false },
  ),
  replies: { 201: TeamView },
  errors: [...ROLES, "identity.tooMany"],
  example: { body: { name: "Editors", roles: ["moderator"] } },
  async handle({ body, caller, tx, ctx }) {
    const db = tx.db<OrganizationTables>();
    const roles = await givenToMany(body.roles ?? [], { caller, ctx, read: tx }, WHAT);
    const { count } = await db
      .selectFrom("identity_teams")
      .select((select) => select.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    if (count >= TEAMS_MAX) {
      throw raise("identity.tooMany", { params: { max: TEAMS_MAX, what: "teams" } });
    }
    const row: TeamRow = {
      organization: caller.organization,
      id: ctx.makeId("team"),
      name: body.name,
      roles: JSON.stringify(roles),
      created_at: Math.floor(ctx.clock.now()),
      created_by: caller.subject,
      revision: 1,
    };
    await db.insertInto("identity_teams").values(row).execute();
    tell("team.created", row, tx);
    return viewTeam(row);
  },
});

/** `GET /teams/{id}` */
export const getTeam: Operation = operation({
  id: "teams.get",
  method: "GET",
  path: "/teams/{id}",
  summary: "Get a team",
  access: "teams:read",
  mode: "read",
  params: ById,
  replies: { 200: TeamView },
  errors: ["identity.teamNotFound"],
  example: TEAM,
  async handle({ path, read }) {
    return viewTeam(await findTeam(path.id, read));
  },
});

/** `PATCH /teams/{id}` */
export const updateTeam: Operation = operation({
  id: "teams.update",
  method: "PATCH",
  path: "/teams/{id}",
  summary: "Change a team",
  description: "What is left out stays as it is. Other roles are in force as those of members are.",
  access: "teams:write",
  mode: "write",
  params: ById,
  body: Type.Partial(Type.Object({ name: Name, roles: RoleNames }), {
    additionalProperties: false,
    minProperties: 1,
  }),
  replies: { 200: TeamView },
  errors: ["identity.teamNotFound", ...ROLES],
  example: { ...TEAM, body: { roles: ["member"] } },
  async handle({ path, body, ifMatch, caller, tx, ctx }) {
    const giver = { caller, ctx, read: tx };
    const row = await lockTeam(path.id, tx);
    checkRevision(ifMatch, row.revision);
    const set = { name: body.name ?? row.name, roles: row.roles, revision: row.revision + 1 };
    if (body.roles !== undefined) {
      await checkReach(listIn(row.roles), giver);
      set.roles = JSON.stringify(await givenToMany(body.roles, giver, WHAT));
      ctx.get(Identity).organizations.changing("*", tx);
    }
    const after = { ...row, ...set };
    await tx
      .db<OrganizationTables>()
      .updateTable("identity_teams")
      .set(set)
      .where("id", "=", path.id)
      .execute();
    tell("team.updated", after, tx, row);
    return viewTeam(after);
  },
});

/** `DELETE /teams/{id}` */
export const deleteTeam: Operation = operation({
  id: "teams.delete",
  method: "DELETE",
  path: "/teams/{id}",
  summary: "Delete a team",
  description: "Its members stay in the organization, without what they held by the team.",
  access: "teams:write",
  mode: "write",
  params: ById,
  replies: { 204: null },
  errors: ["identity.teamNotFound", ...REACH],
  example: TEAM,
  async handle({ path, caller, tx, ctx }) {
    const row = await lockTeam(path.id, tx);
    const giver = { caller, ctx, read: tx };
    await checkReach(listIn(row.roles), giver);
    await checkTeamGrants(row.id, "deny", giver);
    const db = tx.db<OrganizationTables>();
    ctx.get(Identity).organizations.changing("*", tx);
    await db.deleteFrom("identity_team_members").where("team", "=", path.id).execute();
    await db
      .deleteFrom("identity_grants")
      .where("subject_kind", "=", "team")
      .where("subject", "=", path.id)
      .execute();
    await db.deleteFrom("identity_teams").where("id", "=", path.id).execute();
    tell("team.deleted", row, tx, row);
  },
});

/** `GET /teams/{id}/members` */
export const listTeamMembers: Operation = operation({
  id: "teams.listMembers",
  method: "GET",
  path: "/teams/{id}/members",
  summary: "List the members of a team",
  access: "teams:read",
  mode: "read",
  params: ById,
  query: Type.Object({ ...pageQuery }, { additionalProperties: false }),
  replies: { 200: listOf(TeamMemberView) },
  errors: ["identity.teamNotFound"],
  example: TEAM,
  async handle({ path, query, cursor, read, ctx }) {
    await findTeam(path.id, read);
    const limit = query.limit ?? 50;
    const after = cursor.after?.[0];
    let select = read
      .db<OrganizationTables>()
      .selectFrom("identity_team_members")
      .selectAll()
      .where("team", "=", path.id);
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
      data: page.map((row) => ({
        id: row.user_id,
        person: names.get(row.user_id) ?? null,
        addedAt: toRfc3339(row.added_at),
      })),
      next: last === undefined ? null : cursor.next([last.user_id]),
    };
  },
});

/** `POST /teams/{id}/members` */
export const addTeamMember: Operation = operation({
  id: "teams.addMember",
  method: "POST",
  path: "/teams/{id}/members",
  summary: "Add a member to a team",
  description: "A member of the organization; adding one who is in the team changes nothing.",
  access: "teams:write",
  mode: "write",
  params: ById,
  body: Type.Object({ userId: UserId }, { additionalProperties: false }),
  replies: { 200: TeamMemberView },
  errors: ["identity.teamNotFound", "identity.memberNotFound", ...REACH],
  example: {
    ...TEAM,
    body: { userId: "host-user-7" },
    after: ["members.add", "teams.create"],
  },
  prepare: ({ body, ctx }) => namesOf([body.userId], ctx),
  async handle({ path, body, prepared, caller, tx, ctx }) {
    const team = await lockTeam(path.id, tx);
    // Who is put into a team is given what it holds.
    const giver = { caller, ctx, read: tx };
    await checkReach(listIn(team.roles), giver);
    await checkTeamGrants(team.id, "allow", giver);
    const { userId } = body;
    if ((await lockMember(userId, tx)) === undefined) {
      throw raise("identity.memberNotFound", { params: { id: userId } });
    }
    const row = {
      organization: caller.organization,
      team: path.id,
      user_id: userId,
      added_at: Math.floor(ctx.clock.now()),
    };
    ctx.get(Identity).organizations.changing(userId, tx);
    const { numInsertedOrUpdatedRows: added } = await tx
      .db<OrganizationTables>()
      .insertInto("identity_team_members")
      .values(row)
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow();
    if (Number(added) > 0) tellMember("team.memberAdded", row, tx);
    return {
      id: userId,
      person: prepared.get(userId) ?? null,
      addedAt: toRfc3339(row.added_at),
    };
  },
});

/** `DELETE /teams/{team}/members/{id}` */
export const removeTeamMember: Operation = operation({
  id: "teams.removeMember",
  method: "DELETE",
  path: "/teams/{team}/members/{id}",
  summary: "Remove a member from a team",
  access: "teams:write",
  mode: "write",
  params: Type.Object({ team: Id, id: UserId }),
  replies: { 204: null },
  errors: ["identity.teamNotFound", "identity.teamMemberNotFound", ...REACH],
  example: {
    path: { team: "{teams.create.id}", id: "host-user-7" },
    after: ["members.add", "teams.create", "teams.addMember"],
  },
  async handle({ path, caller, tx, ctx }) {
    const team = await lockTeam(path.team, tx);
    const giver = { caller, ctx, read: tx };
    await checkReach(listIn(team.roles), giver);
    await checkTeamGrants(team.id, "deny", giver);
    ctx.get(Identity).organizations.changing(path.id, tx);
    const { numDeletedRows } = await tx
      .db<OrganizationTables>()
      .deleteFrom("identity_team_members")
      .where("team", "=", path.team)
      .where("user_id", "=", path.id)
      .executeTakeFirst();
    if (numDeletedRows === 0n) {
      throw raise("identity.teamMemberNotFound", { params: { id: path.id } });
    }
    tellMember("team.memberRemoved", { team: path.team, user_id: path.id }, tx);
  },
});

async function findTeam(id: string, read: Read): Promise<TeamRow> {
  const row = await read
    .db<OrganizationTables>()
    .selectFrom("identity_teams")
    .selectAll()
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) throw raise("identity.teamNotFound", { params: { id } });
  return row;
}

async function lockTeam(id: string, tx: Tx): Promise<TeamRow> {
  const select = tx
    .db<OrganizationTables>()
    .selectFrom("identity_teams")
    .selectAll()
    .where("id", "=", id);
  const row = await tx.forUpdate(select).executeTakeFirst();
  if (row === undefined) throw raise("identity.teamNotFound", { params: { id } });
  return row;
}

type TeamAction = `team.${"created" | "updated" | "deleted"}`;

function tell(action: TeamAction, row: TeamRow, ...[tx, before]: [Tx, TeamRow?]): void {
  const { id, name } = row;
  tx.emit(action, { id, name, roles: listIn(row.roles) }, { subject: id });
  tx.audit({
    action,
    target: id,
    ...(before === undefined ? {} : { before: viewTeam(before) }),
    ...(action === "team.deleted" ? {} : { after: viewTeam(row) }),
  });
}

function tellMember(
  action: `team.member${"Added" | "Removed"}`,
  { team, user_id: userId }: { readonly team: string; readonly user_id: string },
  tx: Tx,
): void {
  tx.emit(action, { team, userId }, { subject: team });
  tx.audit({ action, target: team, after: { userId } });
}
