import { toRfc3339 } from "portico/kernel";
import type { PluginContext } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";
import { Identity } from "../capability.ts";
import { isOpen } from "./redeem.ts";
import type { Role } from "./roles.ts";
import { listIn } from "./tables.ts";
import type {
  GrantRow,
  InvitationRow,
  MembershipRow,
  OrganizationRow,
  ServiceAccountRow,
  TeamRow,
} from "./tables.ts";

/** `*`, `notes:*` or `notes:read`. */
export const Permission = Type.String({
  pattern: "^(?:\\*|[a-z][A-Za-z0-9.-]*:(?:\\*|[a-z][A-Za-z0-9.-]*))$",
  maxLength: 128,
});
/** `room:42`, `room:*`, `*`. */
export const Resource = Type.String({
  pattern: "^(?:\\*|[a-z][A-Za-z0-9-]*:(?:\\*|[A-Za-z0-9][A-Za-z0-9._/-]*))$",
  maxLength: 200,
  description: "`room:42` for one, `room:*` for all of a kind, `*` for everything.",
});
/** Name of a role. */
export const RoleName = Type.String({ pattern: "^[a-z][a-z0-9-]{0,62}$", maxLength: 63 });
/** Names of roles. `user` is another word for `member`. */
export const RoleNames = Type.Array(RoleName, { maxItems: 20, uniqueItems: true });
/** What people call something. */
export const Name = Type.String({ minLength: 1, maxLength: 200 });
/** Id of a person, of Portico or of the host application. */
export const UserId = Type.String({ minLength: 1, maxLength: 128 });
/** Any id. */
export const Id = Type.String({ minLength: 1, maxLength: 64 });
/** Path of what is addressed by its id alone. */
export const ById = Type.Object({ id: Id });

const Time = Type.String({ format: "date-time" });
const NullableTime = Type.Union([Time, Type.Null()]);
const NullableText = Type.Union([Type.String(), Type.Null()]);
const Words = Type.Array(Type.String());
const Person = Type.Union(
  [Type.Object({ username: Type.String(), displayName: Type.String() }), Type.Null()],
  { description: "null where the id is none of a person here." },
);

function timeOf(ms: number | null): string | null {
  return ms === null ? null : toRfc3339(ms);
}

/** One organization. */
export const OrganizationView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  createdAt: Time,
  createdBy: Type.String(),
  revision: Type.Integer(),
});

/** One organization as callers see it. */
export function viewOrganization(row: OrganizationRow): Static<typeof OrganizationView> {
  return {
    id: row.organization,
    name: row.name,
    createdAt: toRfc3339(row.created_at),
    createdBy: row.created_by,
    revision: row.revision,
  };
}

/** One member. */
export const MemberView = Type.Object({
  id: Type.String({ description: "The person's id." }),
  person: Person,
  roles: Words,
  joinedAt: Time,
  banned: Type.Union([
    Type.Object({ at: Time, by: NullableText, reason: NullableText }),
    Type.Null(),
  ]),
  revision: Type.Integer(),
});

/** What people are called, by id; of Portico's own people only. */
export type Names = ReadonlyMap<string, NonNullable<Static<typeof Person>>>;

/** Looks up what people are called: at most 200. */
export async function namesOf(ids: readonly string[], ctx: PluginContext): Promise<Names> {
  const found = ids.length === 0 ? [] : await ctx.get(Identity).people.findMany(ids);
  return new Map(found.map(({ id, username, displayName }) => [id, { username, displayName }]));
}

/** One member as callers see it. */
export function viewMember(row: MembershipRow, names: Names): Static<typeof MemberView> {
  const { banned_at: bannedAt } = row;
  return {
    id: row.user_id,
    person: names.get(row.user_id) ?? null,
    roles: [...listIn(row.roles)],
    joinedAt: toRfc3339(row.joined_at),
    banned:
      bannedAt === null
        ? null
        : { at: toRfc3339(bannedAt), by: row.banned_by, reason: row.ban_reason },
    revision: row.revision,
  };
}

/** One team. */
export const TeamView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  roles: Type.Array(Type.String(), { description: "Held by each of its members." }),
  createdAt: Time,
  createdBy: Type.String(),
  revision: Type.Integer(),
});

/** One team as callers see it. */
export function viewTeam(row: TeamRow): Static<typeof TeamView> {
  return {
    id: row.id,
    name: row.name,
    roles: [...listIn(row.roles)],
    createdAt: toRfc3339(row.created_at),
    createdBy: row.created_by,
    revision: row.revision,
  };
}

/** Somebody in a team. */
export const TeamMemberView = Type.Object({
  id: Type.String({ description: "The person's id." }),
  person: Person,
  addedAt: Time,
});

/** One role. */
export const RoleView = Type.Object({
  id: Type.String({ description: "Its name." }),
  label: Type.String({ description: "What people call it: `user` for `member`." }),
  description: Type.String(),
  permissions: Words,
  builtIn: Type.Boolean({ description: "Every organization has it." }),
  fixed: Type.Boolean({ description: "It cannot be changed." }),
  revision: Type.Integer(),
});

/** One role as callers see it. */
export function viewRole(role: Role): Static<typeof RoleView> {
  return {
    id: role.name,
    label: role.label,
    description: role.description,
    permissions: [...role.permissions],
    builtIn: role.isBuiltIn,
    fixed: role.isFixed,
    revision: role.revision,
  };
}

/** One grant. */
export const GrantView = Type.Object({
  id: Type.String(),
  subjectKind: Type.String({ description: "`user`, `team` or `serviceAccount`." }),
  subject: Type.String(),
  resource: Type.String(),
  permission: Type.String(),
  effect: Type.String({ description: "`allow` or `deny`; a denial wins." }),
  expiresAt: NullableTime,
  createdAt: Time,
  createdBy: Type.String(),
});

/** One grant as callers see it. */
export function viewGrant(row: GrantRow): Static<typeof GrantView> {
  return {
    id: row.id,
    subjectKind: row.subject_kind,
    subject: row.subject,
    resource: row.resource,
    permission: row.permission,
    effect: row.effect,
    expiresAt: timeOf(row.expires_at),
    createdAt: toRfc3339(row.created_at),
    createdBy: row.created_by,
  };
}

/** One invitation. */
export const InvitationView = Type.Object({
  id: Type.String(),
  email: NullableText,
  roles: Words,
  state: Type.String({ description: "`open`, `accepted`, `revoked` or `expired`." }),
  createdAt: Time,
  createdBy: Type.String(),
  expiresAt: Time,
  acceptedBy: NullableText,
});

/** One invitation at a time, as callers see it. */
export function viewInvitation(row: InvitationRow, nowMs: number): Static<typeof InvitationView> {
  return {
    id: row.id,
    email: row.email,
    roles: [...listIn(row.roles)],
    state: stateOf(row, nowMs),
    createdAt: toRfc3339(row.created_at),
    createdBy: row.created_by,
    expiresAt: toRfc3339(row.expires_at),
    acceptedBy: row.accepted_by,
  };
}

function stateOf(row: InvitationRow, nowMs: number): string {
  if (row.accepted_at !== null) return "accepted";
  if (row.revoked_at !== null) return "revoked";
  return isOpen(row, nowMs) ? "open" : "expired";
}

/** One service account: everything but its secret. */
export const ServiceAccountView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  roles: Words,
  active: Type.Boolean(),
  createdAt: Time,
  createdBy: Type.String(),
  revision: Type.Integer(),
});

/** The answer to its creation and to a rotation: the only places where the secret is ever shown. */
export const CreatedServiceAccountView = Type.Object({
  ...ServiceAccountView.properties,
  secret: Type.Union([Type.String(), Type.Null()], {
    description:
      "Sent as `Authorization: Bearer`. Shown this once; null when the same Idempotency-Key is answered again.",
  }),
});

/** One service account as callers see it. */
export function viewServiceAccount(row: ServiceAccountRow): Static<typeof ServiceAccountView> {
  return {
    id: row.id,
    name: row.name,
    roles: [...listIn(row.roles)],
    active: row.disabled_at === null,
    createdAt: toRfc3339(row.created_at),
    createdBy: row.created_by,
    revision: row.revision,
  };
}
