import { checkRevision, DEFAULT_ORGANIZATION, listOf, operation, pageQuery } from "portico/kernel";
import type { Caller, Operation, Tx } from "portico/kernel";
import { Type } from "typebox";
import { Identity } from "../../capability.ts";
import { OWNER } from "../built-in-roles.ts";
import { closeOrganization } from "../close.ts";
import { raise } from "../errors.ts";
import { isOwner } from "../give.ts";
import { callerIn, checkOwn, needPerson, personOf } from "../inside.ts";
import { insertMember, lockMember, removeMember } from "../members.ts";
import type { OrganizationRow, OrganizationTables } from "../tables.ts";
import { ById, Name, OrganizationView, viewOrganization } from "../view.ts";

const OWNED_MAX = 200;
const ELSEWHERE =
  "The one in which the caller acts; from `default`, where accounts begin, a person also reaches those it belongs to.";

/** `GET /organizations`: those of the caller. */
export const listOrganizations: Operation = operation({
  id: "organizations.list",
  method: "GET",
  path: "/organizations",
  summary: "List one's organizations",
  description:
    "Those a person belongs to, and in any case the one in which the caller acts. By their ids.",
  access: "caller",
  mode: "read",
  query: Type.Object({ ...pageQuery }, { additionalProperties: false }),
  replies: { 200: listOf(OrganizationView) },
  example: {},
  async handle({ query, cursor, caller, ctx }) {
    const limit = query.limit ?? 50;
    const after = cursor.after?.[0];
    const person = personOf(caller);
    let select = ctx.store
      .read("instance")
      .db<OrganizationTables>()
      .selectFrom("identity_organizations as organizations")
      .selectAll()
      .where("deleted_at", "is", null)
      .where((where) =>
        where.or([
          where("organization", "=", caller.organization),
          ...(person === undefined
            ? []
            : [
                where(
                  "organization",
                  "in",
                  where
                    .selectFrom("identity_memberships as members")
                    .select("members.organization")
                    .where("members.user_id", "=", person)
                    .where("members.banned_at", "is", null),
                ),
              ]),
        ]),
      );
    if (after !== undefined) select = select.where("organization", ">", String(after));
    const rows = await select
      .orderBy("organization")
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(viewOrganization),
      next: last === undefined ? null : cursor.next([last.organization]),
    };
  },
});

/** `POST /organizations`: whoever makes it owns it. */
export const createOrganization: Operation = operation({
  id: "organizations.create",
  method: "POST",
  path: "/organizations",
  summary: "Create an organization",
  description:
    "Its maker, a person, becomes its owner. To act in it, sign in or refresh with `organization`.",
  access: "organizations:create",
  mode: "write",
  idempotent: true,
  body: Type.Object({ name: Name }, { additionalProperties: false }),
  replies: { 201: OrganizationView },
  errors: ["identity.personNeeded", "identity.tooMany"],
  example: { body: { name: "Acme" } },
  async prepare({ caller, ctx }): Promise<string> {
    const person = needPerson(caller);
    const { length } = await ctx.get(Identity).organizations.membershipsOf(person);
    if (length >= OWNED_MAX) {
      throw raise("identity.tooMany", { params: { max: OWNED_MAX, what: "memberships" } });
    }
    return person;
  },
  async handle({ body, prepared, tx, ctx }) {
    const organization = ctx.makeId("org");
    const inside = tx.within({ organization });
    const row: OrganizationRow = {
      organization,
      name: body.name,
      created_at: Math.floor(ctx.clock.now()),
      created_by: prepared,
      deleted_at: null,
      revision: 1,
    };
    await inside
      .db<OrganizationTables>()
      .insertInto("identity_organizations")
      .values(row)
      .execute();
    const told = { id: organization, name: body.name };
    inside.emit("organization.created", told, { subject: organization });
    inside.audit({ action: "organization.created", target: organization, after: told });
    await insertMember({ userId: prepared, roles: [OWNER] }, { ctx, tx: inside });
    return viewOrganization(row);
  },
});

/** `GET /organizations/{id}` */
export const getOrganization: Operation = operation({
  id: "organizations.get",
  method: "GET",
  path: "/organizations/{id}",
  summary: "Get an organization",
  description: ELSEWHERE,
  access: "organizations:read",
  mode: "read",
  params: ById,
  replies: { 200: OrganizationView },
  errors: ["identity.organizationNotFound"],
  example: { path: { id: "{organizations.create.id}" }, after: ["organizations.create"] },
  async handle({ path, caller, ctx }) {
    const { organization } = await callerIn(path.id, "organizations:read", { caller, ctx });
    const row = await ctx.store
      .read({ organization })
      .db<OrganizationTables>()
      .selectFrom("identity_organizations")
      .selectAll()
      .executeTakeFirst();
    return viewOrganization(present(row, path.id));
  },
});

/** `PATCH /organizations/{id}` */
export const updateOrganization: Operation = operation({
  id: "organizations.update",
  method: "PATCH",
  path: "/organizations/{id}",
  summary: "Rename an organization",
  description: ELSEWHERE,
  access: "organizations:write",
  mode: "write",
  params: ById,
  body: Type.Object({ name: Name }, { additionalProperties: false }),
  replies: { 200: OrganizationView },
  errors: ["identity.organizationNotFound"],
  example: {
    path: { id: "{organizations.create.id}" },
    body: { name: "Acme, Inc." },
    after: ["organizations.create"],
  },
  prepare: ({ path, caller, ctx }): Promise<Caller> =>
    callerIn(path.id, "organizations:write", { caller, ctx }),
  async handle({ path, body, ifMatch, tx }) {
    const inside = tx.within({ organization: path.id });
    const row = await lockOrganization(path.id, inside);
    checkRevision(ifMatch, row.revision);
    const after = { ...row, name: body.name, revision: row.revision + 1 };
    await inside
      .db<OrganizationTables>()
      .updateTable("identity_organizations")
      .set({ name: after.name, revision: after.revision })
      .execute();
    const told = { id: path.id, name: after.name };
    inside.emit("organization.updated", told, { subject: path.id });
    inside.audit({
      action: "organization.updated",
      target: path.id,
      before: { name: row.name },
      after: { name: after.name },
    });
    return viewOrganization(after);
  },
});

/** `DELETE /organizations/{id}`: everything of it is refused from the answer on. */
export const deleteOrganization: Operation = operation({
  id: "organizations.delete",
  method: "DELETE",
  path: "/organizations/{id}",
  summary: "Delete an organization",
  description:
    "For good, by an owner. Memberships, teams, roles, grants, invitations and service accounts are gone; keys and tokens of " +
    "the organization are refused by this process from the answer on, by all others within a second. " +
    ELSEWHERE,
  access: "organizations:write",
  mode: "write",
  params: ById,
  replies: { 204: null },
  errors: ["identity.organizationNotFound", "identity.ownerNeeded", "identity.organizationPinned"],
  example: {
    path: { id: "{organizations.create.id}" },
    after: ["organizations.create"],
    refused: { "identity.organizationPinned": { path: { id: "default" }, after: [] } },
  },
  prepare: ({ path, caller, ctx }): Promise<Caller> =>
    callerIn(path.id, "organizations:write", { caller, ctx }),
  async handle({ path, prepared, tx, ctx }) {
    if (path.id === DEFAULT_ORGANIZATION) {
      throw raise("identity.organizationPinned", { params: path });
    }
    const inside = tx.within({ organization: path.id });
    const row = await lockOrganization(path.id, inside);
    if (!(await isOwner(prepared, inside))) throw raise("identity.ownerNeeded");
    await closeOrganization(row, { ctx, tx: inside });
  },
});

/** `POST /organizations/{id}/leave` */
export const leaveOrganization: Operation = operation({
  id: "organizations.leave",
  method: "POST",
  path: "/organizations/{id}/leave",
  summary: "Leave the organization",
  description: "The one in which the caller, a person, acts. Its last owner cannot leave.",
  access: "caller",
  mode: "write",
  params: ById,
  replies: { 204: null },
  errors: [
    "identity.organizationNotFound",
    "identity.personNeeded",
    "identity.memberNotFound",
    "identity.lastOwner",
  ],
  example: {
    path: { id: "default" },
    after: ["invitations.create", "invitations.accept"],
  },
  async handle({ path, caller, tx, ctx }) {
    checkOwn(path.id, caller);
    const id = needPerson(caller);
    const row = await lockMember(id, tx);
    if (row === undefined) throw raise("identity.memberNotFound", { params: { id } });
    await removeMember(row, { ctx, tx });
  },
});

async function lockOrganization(id: string, tx: Tx): Promise<OrganizationRow> {
  const select = tx.db<OrganizationTables>().selectFrom("identity_organizations").selectAll();
  return present(await tx.forUpdate(select).executeTakeFirst(), id);
}

function present(row: OrganizationRow | undefined, id: string): OrganizationRow {
  if (row !== undefined && row.deleted_at === null) return row;
  throw raise("identity.organizationNotFound", { params: { id } });
}
