import type { Tables } from "portico/kernel";

/** One organization. Times are milliseconds since 1970; JSON is text. */
export interface OrganizationRow {
  /** Its id. */
  readonly organization: string;
  readonly name: string;
  readonly created_at: number;
  readonly created_by: string;
  /** Nobody acts in it from then on. */
  readonly deleted_at: number | null;
  readonly revision: number;
}

/** Somebody in an organization. */
export interface MembershipRow {
  readonly organization: string;
  readonly user_id: string;
  /** JSON: names of roles. */
  readonly roles: string;
  readonly joined_at: number;
  readonly banned_at: number | null;
  readonly banned_by: string | null;
  readonly ban_reason: string | null;
  readonly revision: number;
}

/** A named part of an organization's members. */
export interface TeamRow {
  readonly organization: string;
  readonly id: string;
  readonly name: string;
  /** JSON: names of roles that its members hold. */
  readonly roles: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly revision: number;
}

/** Somebody in a team. */
export interface TeamMemberRow {
  readonly organization: string;
  readonly team: string;
  readonly user_id: string;
  readonly added_at: number;
}

/** A role of the organization's own, or what it made of one that every organization has. */
export interface RoleRow {
  readonly organization: string;
  readonly name: string;
  readonly description: string;
  /** JSON. */
  readonly permissions: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly revision: number;
}

/** A permission over one resource, or its denial. */
export interface GrantRow {
  readonly organization: string;
  readonly id: string;
  readonly subject_kind: SubjectKind;
  readonly subject: string;
  readonly resource: string;
  readonly permission: string;
  readonly effect: "allow" | "deny";
  readonly expires_at: number | null;
  readonly created_at: number;
  readonly created_by: string;
}

/** Whom a grant is for. */
export type SubjectKind = "user" | "team" | "serviceAccount";

/** A way into an organization for one person, once. */
export interface InvitationRow {
  readonly organization: string;
  readonly id: string;
  /** Null for one that is handed over by hand. */
  readonly email: string | null;
  readonly roles: string;
  /** SHA-256 of its token: 256 random bits need no slow hash. */
  readonly hash: Uint8Array;
  readonly created_at: number;
  readonly created_by: string;
  readonly expires_at: number;
  readonly accepted_at: number | null;
  readonly accepted_by: string | null;
  readonly revoked_at: number | null;
}

/** A named caller that is no person. */
export interface ServiceAccountRow {
  readonly organization: string;
  readonly id: string;
  readonly name: string;
  readonly roles: string;
  /** SHA-256 of its secret. */
  readonly hash: Uint8Array;
  readonly created_at: number;
  readonly created_by: string;
  readonly disabled_at: number | null;
  readonly revision: number;
}

/** The room's tables for Kysely. */
export interface OrganizationTables extends Tables {
  readonly identity_organizations: OrganizationRow;
  readonly identity_memberships: MembershipRow;
  readonly identity_teams: TeamRow;
  readonly identity_team_members: TeamMemberRow;
  readonly identity_roles: RoleRow;
  readonly identity_grants: GrantRow;
  readonly identity_invitations: InvitationRow;
  readonly identity_service_accounts: ServiceAccountRow;
}

/** Whose rows they hold. */
export const organizationTables = {
  identity_organizations: "organization",
  identity_memberships: "organization",
  identity_teams: "organization",
  identity_team_members: "organization",
  identity_roles: "organization",
  identity_grants: "organization",
  identity_invitations: "organization",
  identity_service_accounts: "organization",
} as const;

/** A list as this room wrote it. */
export function listIn(json: string): readonly string[] {
  return JSON.parse(json) as string[];
}
