import type { Part } from "../part.ts";
import { organizationErrors } from "./errors.ts";
import { organizationEvents } from "./events.ts";
import { mailInvitation } from "./mail-invitation.ts";
import { createOrganizations } from "./migrations/0101-create-organizations.ts";
import { checkAccess, explainAccess } from "./operations/access.ts";
import * as grants from "./operations/grants.ts";
import * as invitations from "./operations/invitations.ts";
import * as members from "./operations/members.ts";
import * as organizations from "./operations/organizations.ts";
import * as roles from "./operations/roles.ts";
import * as serviceAccounts from "./operations/service-accounts.ts";
import * as teams from "./operations/teams.ts";
import { organizationPermissions } from "./permissions.ts";
import { organizationSettings } from "./settings.ts";
import { organizationTables } from "./tables.ts";

/** What this room declares. Its migrations are numbered 0101 to 0199. */
export const organizationsPart: Part = {
  settings: organizationSettings,
  permissions: organizationPermissions,
  errors: organizationErrors,
  events: organizationEvents,
  tables: organizationTables,
  migrations: [createOrganizations],
  operations: [
    organizations.listOrganizations,
    organizations.createOrganization,
    organizations.getOrganization,
    organizations.updateOrganization,
    organizations.deleteOrganization,
    organizations.leaveOrganization,
    members.addMember,
    members.listMembers,
    members.getMember,
    members.updateMember,
    members.removeMemberOperation,
    members.banMember,
    members.unbanMember,
    teams.listTeams,
    teams.createTeam,
    teams.getTeam,
    teams.updateTeam,
    teams.deleteTeam,
    teams.listTeamMembers,
    teams.addTeamMember,
    teams.removeTeamMember,
    invitations.listInvitations,
    invitations.createInvitation,
    invitations.revokeInvitation,
    invitations.acceptInvitation,
    roles.createRole,
    roles.listRoles,
    roles.getRole,
    roles.updateRole,
    roles.deleteRole,
    grants.listGrants,
    grants.getGrant,
    grants.createGrant,
    grants.deleteGrant,
    serviceAccounts.listServiceAccounts,
    serviceAccounts.createServiceAccount,
    serviceAccounts.getServiceAccount,
    serviceAccounts.updateServiceAccount,
    serviceAccounts.rotateServiceAccount,
    serviceAccounts.deleteServiceAccount,
    checkAccess,
    explainAccess,
  ],
  jobs: { mailInvitation },
  schedules: {},
  contributes: [],
};
