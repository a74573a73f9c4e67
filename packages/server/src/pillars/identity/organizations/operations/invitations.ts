import { listOf, operation, pageQuery, sha256 } from "portico/kernel";
import type { Operation, Tx } from "portico/kernel";
import { Type } from "typebox";
import { MEMBER } from "../built-in-roles.ts";
import { raise } from "../errors.ts";
import { checkReach, givenRoles } from "../give.ts";
import { needPerson, personOf } from "../inside.ts";
import { isOpen, redeem } from "../redeem.ts";
import { settingsOf } from "../settings.ts";
import { listIn } from "../tables.ts";
import type { InvitationRow, OrganizationTables } from "../tables.ts";
import { makeToken } from "../token.ts";
import { ById, InvitationView, RoleNames, viewInvitation } from "../view.ts";

const DAY_MS = 86_400_000;
/** Open ones of one organization. */
const OPEN_MAX = 1_000;
const REACH = ["identity.exceedsGiver", "identity.ownerNeeded"];

const Token = Type.String({ minLength: 1, maxLength: 128 });

/** `GET /invitations` */
export const listInvitations: Operation = operation({
  id: "invitations.list",
  method: "GET",
  path: "/invitations",
  summary: "List invitations",
  description: "Newest first.",
  access: "invitations:read",
  mode: "read",
  query: Type.Object({ ...pageQuery }, { additionalProperties: false }),
  replies: { 200: listOf(InvitationView) },
  example: { after: ["invitations.create"] },
  async handle({ query, cursor, read, ctx }) {
    const limit = query.limit ?? 50;
    const after = cursor.after?.[0];
    let select = read.db<OrganizationTables>().selectFrom("identity_invitations").selectAll();
    if (after !== undefined) select = select.where("id", "<", String(after));
    const rows = await select
      .orderBy("id", "desc")
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    const nowMs = ctx.clock.now();
    return {
      data: page.map((row) => viewInvitation(row, nowMs)),
      next: last === undefined ? null : cursor.next([last.id]),
    };
  },
});

/** `POST /invitations`: by mail, or as a token to hand over. */
export const createInvitation: Operation = operation({
  id: "invitations.create",
  method: "POST",
  path: "/invitations",
  summary: "Invite into the organization",
  description:
    "With `email` the invitation is mailed, and its token is shown to nobody else. Without it the token is in the answer, " +
    "once, to be handed over. Whoever has the token may take the invitation up, once: with it an account is registered, or " +
    "a person who has one calls `POST /invitations/accept`. Roles lie within what the caller may do.",
  access: "invitations:write",
  mode: "write",
  idempotent: true,
  onceOnly: ["token"],
  body: Type.Object(
    {
      email: Type.Optional(Type.String({ format: "email", maxLength: 254 })),
      roles: Type.Optional(RoleNames),
    },
    { additionalProperties: false },
  ),
  replies: {
    201: Type.Object({
      ...InvitationView.properties,
      token: Type.Union([Type.String(), Type.Null()], {
        description: "Shown once, and only where there is no `email`.",
      }),
    }),
  },
  errors: ["identity.roleUnknown", "identity.tooMany", ...REACH],
  example: { body: { roles: ["member"] } },
  prepare: ({ ctx }) => Promise.resolve(makeToken("pti_", ctx)),
  async handle({ body, prepared, caller, tx, ctx }) {
    const { email = null } = body;
    const roles = await givenRoles(body.roles ?? [MEMBER], { caller, ctx, read: tx });
    const nowMs = Math.floor(ctx.clock.now());
    await checkRoom(nowMs, tx);
    const row: InvitationRow = {
      organization: caller.organization,
      id: ctx.makeId("inv"),
      email,
      roles: JSON.stringify(roles),
      // The token of a mailed one is made when it is mailed: until then nothing opens it.
      hash: sha256(prepared),
      created_at: nowMs,
      created_by: caller.subject,
      expires_at: nowMs + settingsOf(ctx).invitationDays * DAY_MS,
      accepted_at: null,
      accepted_by: null,
      revoked_at: null,
    };
    await tx.db<OrganizationTables>().insertInto("identity_invitations").values(row).execute();
    if (email !== null) {
      const inviter = personOf(caller) ?? caller.name ?? caller.subject;
      tx.enqueue("mailInvitation", { invitation: row.id, inviter });
    }
    tell("invitation.created", row, tx);
    return { ...viewInvitation(row, nowMs), token: email === null ? prepared : null };
  },
});

/** `DELETE /invitations/{id}`: takes back one that is open. */
export const revokeInvitation: Operation = operation({
  id: "invitations.revoke",
  method: "DELETE",
  path: "/invitations/{id}",
  summary: "Take back an invitation",
  description: "One that is still open. It stays in the list.",
  access: "invitations:write",
  mode: "write",
  params: ById,
  replies: { 200: InvitationView },
  errors: ["identity.invitationNotFound", "identity.invitationClosed", ...REACH],
  example: {
    path: { id: "{invitations.create.id}" },
    after: ["invitations.create"],
    refused: { "identity.invitationClosed": { times: 2 } },
  },
  async handle({ path, caller, tx, ctx }) {
    const { id } = path;
    const db = tx.db<OrganizationTables>();
    const select = db.selectFrom("identity_invitations").selectAll().where("id", "=", id);
    const row = await tx.forUpdate(select).executeTakeFirst();
    if (row === undefined) throw raise("identity.invitationNotFound", { params: { id } });
    await checkReach(listIn(row.roles), { caller, ctx, read: tx });
    const nowMs = Math.floor(ctx.clock.now());
    if (!isOpen(row, nowMs)) throw raise("identity.invitationClosed", { params: { id } });
    const after = { ...row, revoked_at: nowMs };
    await db
      .updateTable("identity_invitations")
      .set({ revoked_at: nowMs })
      .where("id", "=", id)
      .execute();
    tell("invitation.revoked", after, tx);
    return viewInvitation(after, nowMs);
  },
});

/** `POST /invitations/accept`: by a person who has an account already. */
export const acceptInvitation: Operation = operation({
  id: "invitations.accept",
  method: "POST",
  path: "/invitations/accept",
  summary: "Take up an invitation",
  description:
    "By a person who has an account; a new one gives the token to `POST /auth/register`. Good once. A member who takes one up " +
    "has its roles besides its own.",
  access: "caller",
  mode: "write",
  limits: ["60/min"],
  body: Type.Object({ token: Token }, { additionalProperties: false }),
  replies: {
    200: Type.Object({
      organization: Type.String(),
      userId: Type.String(),
      roles: Type.Array(Type.String()),
    }),
  },
  errors: ["identity.personNeeded", "identity.badInvitation", "identity.banned"],
  example: { body: { token: "{invitations.create.token}" }, after: ["invitations.create"] },
  async handle({ body, caller, tx, ctx }) {
    const userId = needPerson(caller);
    const row = await redeem({ token: body.token, userId }, ctx, tx);
    return { organization: row.organization, userId, roles: listIn(row.roles) };
  },
});

async function checkRoom(nowMs: number, tx: Tx): Promise<void> {
  const { count } = await tx
    .db<OrganizationTables>()
    .selectFrom("identity_invitations")
    .select((select) => select.fn.countAll<number>().as("count"))
    .where("accepted_at", "is", null)
    .where("revoked_at", "is", null)
    .where("expires_at", ">", nowMs)
    .executeTakeFirstOrThrow();
  if (count < OPEN_MAX) return;
  throw raise("identity.tooMany", { params: { max: OPEN_MAX, what: "open invitations" } });
}

function tell(action: `invitation.${"created" | "revoked"}`, row: InvitationRow, tx: Tx): void {
  const { id, organization, email } = row;
  const told = { id, organization, email, roles: listIn(row.roles) };
  tx.emit(action, told, { subject: id });
  tx.audit({ action, target: id, after: told });
}
