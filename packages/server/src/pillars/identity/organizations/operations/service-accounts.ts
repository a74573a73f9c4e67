import { checkRevision, listOf, operation, pageQuery, sha256 } from "portico/kernel";
import type { Caller, Operation, PluginContext, Tx } from "portico/kernel";
import { Type } from "typebox";
import { Identity } from "../../capability.ts";
import { raise } from "../errors.ts";
import { checkReach, givenToMany } from "../give.ts";
import { SECRET_PREFIX } from "../service-accounts.ts";
import { SERVICE_ACCOUNT } from "../standing.ts";
import { listIn } from "../tables.ts";
import type { OrganizationTables, ServiceAccountRow } from "../tables.ts";
import { makeToken } from "../token.ts";
import {
  ById,
  CreatedServiceAccountView,
  Name,
  RoleNames,
  ServiceAccountView,
  viewServiceAccount,
} from "../view.ts";

const ACCOUNTS_MAX = 1_000;
const ACCOUNT = { path: { id: "{serviceAccounts.create.id}" }, after: ["serviceAccounts.create"] };
const REACH = ["identity.exceedsGiver", "identity.ownerNeeded"];
const ROLES = ["identity.roleUnknown", "identity.ownerIsPersonal", ...REACH];
const WHAT = "a service account";

/** `GET /service-accounts` */
export const listServiceAccounts: Operation = operation({
  id: "serviceAccounts.list",
  method: "GET",
  path: "/service-accounts",
  summary: "List service accounts",
  description: "Newest first.",
  access: "service-accounts:read",
  mode: "read",
  query: Type.Object({ ...pageQuery }, { additionalProperties: false }),
  replies: { 200: listOf(ServiceAccountView) },
  example: { after: ["serviceAccounts.create"] },
  async handle({ query, cursor, read }) {
    const limit = query.limit ?? 50;
    const after = cursor.after?.[0];
    let select = read.db<OrganizationTables>().selectFrom("identity_service_accounts").selectAll();
    if (after !== undefined) select = select.where("id", "<", String(after));
    const rows = await select
      .orderBy("id", "desc")
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(viewServiceAccount),
      next: last === undefined ? null : cursor.next([last.id]),
    };
  },
});

/** `POST /service-accounts` */
export const createServiceAccount: Operation = operation({
  id: "serviceAccounts.create",
  method: "POST",
  path: "/service-accounts",
  summary: "Make a service account",
  description:
    "A named caller that is no person, with roles like a member's. It calls with its secret as `Authorization: Bearer`, which " +
    "this answer alone shows; a key whose `userId` it is ends with it.",
  access: "service-accounts:write",
  mode: "write",
  idempotent: true,
  onceOnly: ["secret"],
  body: Type.Object(
    { name: Name, roles: Type.Optional(RoleNames) },
    { additionalProperties: false },
  ),
  replies: { 201: CreatedServiceAccountView },
  errors: [...ROLES, "identity.tooMany"],
  example: { body: { name: "Importer", roles: ["member"] } },
  prepare: ({ ctx }) => Promise.resolve(makeToken(SECRET_PREFIX, ctx)),
  async handle({ body, prepared, caller, tx, ctx }) {
    const db = tx.db<OrganizationTables>();
    const roles = await givenToMany(body.roles ?? [], { caller, ctx, read: tx }, WHAT);
    const { count } = await db
      .selectFrom("identity_service_accounts")
      .select((select) => select.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    if (count >= ACCOUNTS_MAX) {
      throw raise("identity.tooMany", { params: { max: ACCOUNTS_MAX, what: "service accounts" } });
    }
    const row: ServiceAccountRow = {
      organization: caller.organization,
      id: ctx.makeId(SERVICE_ACCOUNT),
      name: body.name,
      roles: JSON.stringify(roles),
      hash: sha256(prepared),
      created_at: Math.floor(ctx.clock.now()),
      created_by: caller.subject,
      disabled_at: null,
      revision: 1,
    };
    await db.insertInto("identity_service_accounts").values(row).execute();
    tell("serviceAccount.created", row, tx);
    return { ...viewServiceAccount(row), secret: prepared };
  },
});

/** `GET /service-accounts/{id}` */
export const getServiceAccount: Operation = operation({
  id: "serviceAccounts.get",
  method: "GET",
  path: "/service-accounts/{id}",
  summary: "Get a service account",
  access: "service-accounts:read",
  mode: "read",
  params: ById,
  replies: { 200: ServiceAccountView },
  errors: ["identity.serviceAccountNotFound"],
  example: ACCOUNT,
  async handle({ path, read }) {
    const row = await read
      .db<OrganizationTables>()
      .selectFrom("identity_service_accounts")
      .selectAll()
      .where("id", "=", path.id)
      .executeTakeFirst();
    return viewServiceAccount(present(row, path.id));
  },
});

/** `PATCH /service-accounts/{id}` */
export const updateServiceAccount: Operation = operation({
  id: "serviceAccounts.update",
  method: "PATCH",
  path: "/service-accounts/{id}",
  summary: "Change a service account, switch it off or on",
  description:
    "What is left out stays as it is. One that is switched off opens nothing on this process from the answer on, on all " +
    "others within a second.",
  access: "service-accounts:write",
  mode: "write",
  params: ById,
  body: Type.Partial(Type.Object({ name: Name, roles: RoleNames, active: Type.Boolean() }), {
    additionalProperties: false,
    minProperties: 1,
  }),
  replies: { 200: ServiceAccountView },
  errors: ["identity.serviceAccountNotFound", ...ROLES],
  example: { ...ACCOUNT, body: { active: false } },
  async handle({ path, body, ifMatch, caller, tx, ctx }) {
    const { row, giver } = await reached(path.id, { caller, tx, ctx });
    checkRevision(ifMatch, row.revision);
    const roles =
      body.roles === undefined
        ? row.roles
        : JSON.stringify(await givenToMany(body.roles, giver, WHAT));
    const set = {
      name: body.name ?? row.name,
      roles,
      disabled_at: disabledAt(body.active, row, ctx),
      revision: row.revision + 1,
    };
    const after = { ...row, ...set };
    await change(after, set, { tx, ctx });
    tell("serviceAccount.updated", after, tx, row);
    return viewServiceAccount(after);
  },
});

/** `POST /service-accounts/{id}/rotate` */
export const rotateServiceAccount: Operation = operation({
  id: "serviceAccounts.rotate",
  method: "POST",
  path: "/service-accounts/{id}/rotate",
  summary: "Give a service account a new secret",
  description: "The one before opens nothing from the answer on.",
  access: "service-accounts:write",
  mode: "write",
  params: ById,
  replies: { 200: CreatedServiceAccountView },
  errors: ["identity.serviceAccountNotFound", ...REACH],
  example: ACCOUNT,
  prepare: ({ ctx }) => Promise.resolve(makeToken(SECRET_PREFIX, ctx)),
  async handle({ path, prepared, caller, tx, ctx }) {
    const { row } = await reached(path.id, { caller, tx, ctx });
    const set = { hash: sha256(prepared), revision: row.revision + 1 };
    const after = { ...row, ...set };
    await change(after, set, { tx, ctx });
    tell("serviceAccount.rotated", after, tx, row);
    return { ...viewServiceAccount(after), secret: prepared };
  },
});

/** `DELETE /service-accounts/{id}` */
export const deleteServiceAccount: Operation = operation({
  id: "serviceAccounts.delete",
  method: "DELETE",
  path: "/service-accounts/{id}",
  summary: "Delete a service account",
  description: "With its grants. Keys that act for it are refused.",
  access: "service-accounts:write",
  mode: "write",
  params: ById,
  replies: { 204: null },
  errors: ["identity.serviceAccountNotFound", ...REACH],
  example: ACCOUNT,
  async handle({ path, caller, tx, ctx }) {
    const { row } = await reached(path.id, { caller, tx, ctx });
    const db = tx.db<OrganizationTables>();
    ctx.get(Identity).organizations.changing(row.id, tx);
    await db
      .deleteFrom("identity_grants")
      .where("subject_kind", "=", "serviceAccount")
      .where("subject", "=", row.id)
      .execute();
    await db.deleteFrom("identity_service_accounts").where("id", "=", row.id).execute();
    tell("serviceAccount.deleted", row, tx, row);
  },
});

interface Within {
  readonly tx: Tx;
  readonly ctx: PluginContext;
}

/** The row of an account that holds no more than the caller does, held until the transaction ends. */
async function reached(
  id: string,
  { caller, tx, ctx }: Within & { readonly caller: Caller },
): Promise<{ readonly row: ServiceAccountRow; readonly giver: Parameters<typeof checkReach>[1] }> {
  const select = tx
    .db<OrganizationTables>()
    .selectFrom("identity_service_accounts")
    .selectAll()
    .where("id", "=", id);
  const row = present(await tx.forUpdate(select).executeTakeFirst(), id);
  const giver = { caller, ctx, read: tx };
  // Whoever sees its new secret, or switches it on, could act as it does.
  await checkReach(listIn(row.roles), giver);
  return { row, giver };
}

async function change(
  { id }: ServiceAccountRow,
  set: Partial<ServiceAccountRow>,
  { tx, ctx }: Within,
): Promise<void> {
  ctx.get(Identity).organizations.changing(id, tx);
  await tx
    .db<OrganizationTables>()
    .updateTable("identity_service_accounts")
    .set(set)
    .where("id", "=", id)
    .execute();
}

function disabledAt(
  active: boolean | undefined,
  row: ServiceAccountRow,
  { clock }: PluginContext,
): number | null {
  if (active === undefined) return row.disabled_at;
  return active ? null : (row.disabled_at ?? Math.floor(clock.now()));
}

function present(row: ServiceAccountRow | undefined, id: string): ServiceAccountRow {
  if (row !== undefined) return row;
  throw raise("identity.serviceAccountNotFound", { params: { id } });
}

type AccountAction = `serviceAccount.${"created" | "updated" | "rotated" | "deleted"}`;

function tell(
  action: AccountAction,
  row: ServiceAccountRow,
  ...[tx, before]: [Tx, ServiceAccountRow?]
): void {
  const { id, name } = row;
  tx.emit(action, { id, name, roles: listIn(row.roles) }, { subject: id });
  tx.audit({
    action,
    target: id,
    ...(before === undefined ? {} : { before: viewServiceAccount(before) }),
    ...(action === "serviceAccount.deleted" ? {} : { after: viewServiceAccount(row) }),
  });
}
