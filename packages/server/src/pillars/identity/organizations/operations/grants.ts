import { listOf, mayGive, operation, pageQuery, toRfc3339 } from "portico/kernel";
import type { Caller, Operation, PluginContext, Tx } from "portico/kernel";
import { Type } from "typebox";
import { Identity } from "../../capability.ts";
import { raise } from "../errors.ts";
import { checkReach } from "../give.ts";
import { readStanding } from "../standing.ts";
import { listIn } from "../tables.ts";
import type { GrantRow, OrganizationTables, SubjectKind } from "../tables.ts";
import { ById, GrantView, Permission, Resource, UserId, viewGrant } from "../view.ts";

/** Grants of one subject: each is looked at whenever it asks for anything. */
const GRANTS_MAX = 1_000;
const Kind = Type.Enum(["user", "team", "serviceAccount"]);
const GRANT = { path: { id: "{grants.create.id}" }, after: ["members.add", "grants.create"] };
const REACH = ["identity.exceedsGiver", "identity.ownerNeeded"];

/** `GET /grants` */
export const listGrants: Operation = operation({
  id: "grants.list",
  method: "GET",
  path: "/grants",
  summary: "List grants and denials over resources",
  description: "Newest first; those that have expired, too.",
  access: "grants:read",
  mode: "read",
  query: Type.Object(
    {
      subject: Type.Optional(UserId),
      resource: Type.Optional(Type.String({ maxLength: 200 })),
      ...pageQuery,
    },
    { additionalProperties: false },
  ),
  replies: { 200: listOf(GrantView) },
  example: { query: { resource: "room:42" }, after: ["members.add", "grants.create"] },
  async handle({ query, cursor, read }) {
    const limit = query.limit ?? 50;
    const after = cursor.after?.[0];
    let select = read.db<OrganizationTables>().selectFrom("identity_grants").selectAll();
    if (query.subject !== undefined) select = select.where("subject", "=", query.subject);
    if (query.resource !== undefined) select = select.where("resource", "=", query.resource);
    if (after !== undefined) select = select.where("id", "<", String(after));
    const rows = await select
      .orderBy("id", "desc")
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(viewGrant),
      next: last === undefined ? null : cursor.next([last.id]),
    };
  },
});

/** `GET /grants/{id}` */
export const getGrant: Operation = operation({
  id: "grants.get",
  method: "GET",
  path: "/grants/{id}",
  summary: "Get a grant",
  access: "grants:read",
  mode: "read",
  params: ById,
  replies: { 200: GrantView },
  errors: ["identity.grantNotFound"],
  example: GRANT,
  async handle({ path, read }) {
    const row = await read
      .db<OrganizationTables>()
      .selectFrom("identity_grants")
      .selectAll()
      .where("id", "=", path.id)
      .executeTakeFirst();
    return viewGrant(present(row, path.id));
  },
});

/** `POST /grants` */
export const createGrant: Operation = operation({
  id: "grants.create",
  method: "POST",
  path: "/grants",
  summary: "Grant or deny a permission over a resource",
  description:
    "To a member, a team or a service account. A denial wins over whatever else is held. What is granted lies within what the " +
    "caller may do; nothing is denied to who holds more than the caller does. In force as roles are.",
  access: "grants:write",
  mode: "write",
  idempotent: true,
  body: Type.Object(
    {
      subjectKind: Kind,
      subject: UserId,
      resource: Resource,
      permission: Permission,
      effect: Type.Optional(Type.Enum(["allow", "deny"], { default: "allow" })),
      expiresAt: Type.Optional(Type.Union([Type.String({ format: "date-time" }), Type.Null()])),
    },
    { additionalProperties: false },
  ),
  replies: { 201: GrantView },
  errors: ["identity.subjectNotFound", "identity.expiryPast", "identity.tooMany", ...REACH],
  example: {
    body: {
      subjectKind: "user",
      subject: "host-user-7",
      resource: "room:42",
      permission: "events:read",
      effect: "allow",
    },
    after: ["members.add"],
  },
  async handle({ body, caller, tx, ctx }) {
    const { subjectKind: kind, subject, resource, permission, effect = "allow" } = body;
    const nowMs = Math.floor(ctx.clock.now());
    const expiresAt = expiryOf(body.expiresAt, nowMs);
    const roles = await rolesOfSubject(kind, subject, tx);
    if (roles === undefined) {
      throw raise("identity.subjectNotFound", { params: { kind, id: subject } });
    }
    await checkRight({ effect, permission, resource }, roles, { caller, ctx, tx });
    await checkRoom(kind, subject, tx);
    const row: GrantRow = {
      organization: caller.organization,
      id: ctx.makeId("grant"),
      subject_kind: kind,
      subject,
      resource,
      permission,
      effect,
      expires_at: expiresAt,
      created_at: nowMs,
      created_by: caller.subject,
    };
    ctx.get(Identity).organizations.changing(kind === "team" ? "*" : subject, tx);
    await tx.db<OrganizationTables>().insertInto("identity_grants").values(row).execute();
    tell("grant.created", row, tx);
    return viewGrant(row);
  },
});

/** `DELETE /grants/{id}` */
export const deleteGrant: Operation = operation({
  id: "grants.delete",
  method: "DELETE",
  path: "/grants/{id}",
  summary: "Take back a grant or a denial",
  description: "Whoever takes a denial back gives what it denied, and so has to hold it.",
  access: "grants:write",
  mode: "write",
  params: ById,
  replies: { 204: null },
  errors: ["identity.grantNotFound", ...REACH],
  example: GRANT,
  async handle({ path, caller, tx, ctx }) {
    const db = tx.db<OrganizationTables>();
    const select = db.selectFrom("identity_grants").selectAll().where("id", "=", path.id);
    const row = present(await tx.forUpdate(select).executeTakeFirst(), path.id);
    // Taking back is the other way round: a denial that ends gives, a grant that ends takes.
    const effect = row.effect === "deny" ? "allow" : "deny";
    const roles = (await rolesOfSubject(row.subject_kind, row.subject, tx)) ?? [];
    await checkRight({ ...row, effect }, roles, { caller, ctx, tx });
    const who = row.subject_kind === "team" ? "*" : row.subject;
    ctx.get(Identity).organizations.changing(who, tx);
    await db.deleteFrom("identity_grants").where("id", "=", path.id).execute();
    tell("grant.deleted", row, tx);
  },
});

/** Gives only what is held, and takes only from who holds no more. */
async function checkRight(
  { effect, permission, resource }: Pick<GrantRow, "effect" | "permission" | "resource">,
  roles: readonly string[],
  { caller, ctx, tx }: { readonly caller: Caller; readonly ctx: PluginContext; readonly tx: Tx },
): Promise<void> {
  if (effect === "deny") return await checkReach(roles, { caller, ctx, read: tx });
  if (mayGive(caller, permission, resource)) return;
  const what = `the permission '${permission}' over '${resource}'`;
  throw raise("identity.exceedsGiver", { params: { what } });
}

/** Names of the roles that the subject holds; undefined where there is none. */
async function rolesOfSubject(
  kind: SubjectKind,
  id: string,
  tx: Tx,
): Promise<readonly string[] | undefined> {
  if (kind === "team") {
    const row = await tx
      .db<OrganizationTables>()
      .selectFrom("identity_teams")
      .select("roles")
      .where("id", "=", id)
      .executeTakeFirst();
    return row === undefined ? undefined : listIn(row.roles);
  }
  const isAccount = id.startsWith("svc_");
  if (isAccount !== (kind === "serviceAccount")) return undefined;
  const { state, roles } = await readStanding(tx, id);
  return state === "none" ? undefined : [...new Set(roles.map(({ name }) => name))];
}

async function checkRoom(kind: SubjectKind, subject: string, tx: Tx): Promise<void> {
  const { count } = await tx
    .db<OrganizationTables>()
    .selectFrom("identity_grants")
    .select((select) => select.fn.countAll<number>().as("count"))
    .where("subject_kind", "=", kind)
    .where("subject", "=", subject)
    .executeTakeFirstOrThrow();
  if (count < GRANTS_MAX) return;
  throw raise("identity.tooMany", {
    params: { max: GRANTS_MAX, what: `grants to '${subject}'` },
  });
}

function expiryOf(text: string | null | undefined, nowMs: number): number | null {
  if (text === undefined || text === null) return null;
  const at = Date.parse(text);
  if (at > nowMs) return at;
  throw raise("identity.expiryPast", { params: { got: toRfc3339(at) } });
}

function present(row: GrantRow | undefined, id: string): GrantRow {
  if (row !== undefined) return row;
  throw raise("identity.grantNotFound", { params: { id } });
}

function tell(action: `grant.${"created" | "deleted"}`, row: GrantRow, tx: Tx): void {
  const { id, subject_kind: subjectKind, subject, resource, permission, effect } = row;
  tx.emit(action, { id, subjectKind, subject, resource, permission, effect }, { subject: id });
  tx.audit({
    action,
    target: id,
    ...(action === "grant.created" ? { after: viewGrant(row) } : { before: viewGrant(row) }),
  });
}
