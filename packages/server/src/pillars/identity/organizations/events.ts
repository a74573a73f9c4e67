import { Type } from "typebox";

const organization = { id: "org_01jd3v9k2me8r8v0c2m4t6x8z0", name: "Acme" };
const Organization = Type.Object({ id: Type.String(), name: Type.String() });
const Member = Type.Object({
  organization: Type.String(),
  userId: Type.String(),
  roles: Type.Array(Type.String()),
});
const member = {
  organization: organization.id,
  userId: "user_01jd3v9k2me8r8v0c2m4t6x8z0",
  roles: ["member"],
};
const Invitation = Type.Object({
  id: Type.String(),
  organization: Type.String(),
  email: Type.Union([Type.String(), Type.Null()]),
  roles: Type.Array(Type.String()),
});
const invitation = {
  id: "inv_01jd3v9k2me8r8v0c2m4t6x8z0",
  organization: organization.id,
  email: "ada@example.com",
  roles: ["member"],
};
const Role = Type.Object({ name: Type.String(), permissions: Type.Array(Type.String()) });
const role = { name: "editor", permissions: ["notes:*"] };
const Grant = Type.Object({
  id: Type.String(),
  subjectKind: Type.String(),
  subject: Type.String(),
  resource: Type.String(),
  permission: Type.String(),
  effect: Type.String(),
});
const grant = {
  id: "grant_01jd3v9k2me8r8v0c2m4t6x8z0",
  subjectKind: "user",
  subject: member.userId,
  resource: "room:42",
  permission: "messages:*",
  effect: "allow",
};
const Team = Type.Object({
  id: Type.String(),
  name: Type.String(),
  roles: Type.Array(Type.String()),
});
const team = { id: "team_01jd3v9k2me8r8v0c2m4t6x8z0", name: "Editors", roles: ["editor"] };
const TeamMember = Type.Object({ team: Type.String(), userId: Type.String() });
const teamMember = { team: team.id, userId: member.userId };
const Account = Type.Object({
  id: Type.String(),
  name: Type.String(),
  roles: Type.Array(Type.String()),
});
const account = { id: "svc_01jd3v9k2me8r8v0c2m4t6x8z0", name: "Importer", roles: ["editor"] };

/** What this room puts on the log of the organization. No event holds a token or a secret. */
export const organizationEvents = {
  "organization.created": {
    description: "An organization was created.",
    data: Organization,
    example: organization,
  },
  "organization.updated": {
    description: "An organization was renamed.",
    data: Organization,
    example: organization,
  },
  "organization.deleted": {
    description: "An organization was deleted; nothing is done in it any more.",
    data: Organization,
    example: organization,
  },
  "member.added": {
    description: "Somebody became a member of the organization.",
    data: Member,
    example: member,
  },
  "member.changed": {
    description: "A member of the organization has other roles.",
    data: Member,
    example: member,
  },
  "member.removed": {
    description: "Somebody left the organization, or was removed from it.",
    data: Member,
    example: member,
  },
  "member.banned": {
    description: "A member was banned; it may do nothing in the organization.",
    data: Member,
    example: member,
  },
  "member.unbanned": {
    description: "A banned member was let back in.",
    data: Member,
    example: member,
  },
  "invitation.created": {
    description: "Somebody was invited into the organization.",
    data: Invitation,
    example: invitation,
  },
  "invitation.revoked": {
    description: "An invitation was taken back.",
    data: Invitation,
    example: invitation,
  },
  "invitation.accepted": {
    description: "An invitation was taken up.",
    data: Type.Object({ id: Type.String(), organization: Type.String(), userId: Type.String() }),
    example: { id: invitation.id, organization: organization.id, userId: member.userId },
  },
  "role.created": { description: "A role was made.", data: Role, example: role },
  "role.updated": { description: "A role has other permissions.", data: Role, example: role },
  "role.deleted": { description: "A role was deleted.", data: Role, example: role },
  "grant.created": {
    description: "A permission over a resource was granted or denied.",
    data: Grant,
    example: grant,
  },
  "grant.deleted": {
    description: "A grant or a denial over a resource was taken back.",
    data: Grant,
    example: grant,
  },
  "team.created": { description: "A team was made.", data: Team, example: team },
  "team.updated": { description: "A team was changed.", data: Team, example: team },
  "team.deleted": { description: "A team was deleted.", data: Team, example: team },
  "team.memberAdded": {
    description: "Somebody became a member of a team.",
    data: TeamMember,
    example: teamMember,
  },
  "team.memberRemoved": {
    description: "Somebody left a team, or was removed from it.",
    data: TeamMember,
    example: teamMember,
  },
  "serviceAccount.created": {
    description: "A service account was made.",
    data: Account,
    example: account,
  },
  "serviceAccount.updated": {
    description: "A service account was changed, switched off or on.",
    data: Account,
    example: account,
  },
  "serviceAccount.rotated": {
    description: "A service account got a new secret.",
    data: Account,
    example: account,
  },
  "serviceAccount.deleted": {
    description: "A service account was deleted.",
    data: Account,
    example: account,
  },
} as const;
