import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What this room refuses. */
export const organizationErrors = {
  "identity.organizationNotFound": problem(
    404,
    "There is no organization '{id}' here.",
    "It does not exist, or you do not belong to it. A session acts in one organization: sign in, or refresh, with the other.",
  ),
  "identity.organizationClosed": problem(
    403,
    "The organization '{organization}' is deleted; nothing is done in it any more.",
  ),
  "identity.organizationPinned": problem(
    409,
    "The organization '{id}' is the installation's own and cannot be deleted.",
  ),
  "identity.ownerNeeded": problem(
    403,
    "Only an owner of the organization may do this.",
    "Deleting an organization, and making or unmaking its owners, is for owners.",
  ),
  "identity.personNeeded": problem(
    403,
    "Only a person may do this; the caller is a {kind}.",
    "Call it with the session of a person, not with a key or a service account.",
  ),
  "identity.lastOwner": problem(
    409,
    "This member is the last owner of the organization.",
    "Make another member an owner first, or delete the organization.",
  ),
  "identity.memberNotFound": problem(
    404,
    "There is no member '{id}' in this organization.",
    "Invite the person, or add the member first.",
  ),
  "identity.memberTaken": problem(
    409,
    "'{id}' is a member of this organization already.",
    "Change the member's roles instead.",
  ),
  "identity.strangerAdded": problem(
    404,
    "There is no person '{id}' here who could be added.",
    "Whoever belongs to no organization of yours is invited: `POST /invitations`.",
  ),
  "identity.banned": problem(
    403,
    "This member is banned from the organization.",
    "Whoever may ban members may also let them back in.",
  ),
  "identity.exceedsGiver": problem(
    403,
    "Nobody gives what he lacks: {what}.",
    "Roles, grants and members who hold more than you do are changed by who holds as much.",
  ),
  "identity.roleUnknown": problem(
    422,
    "There is no role '{name}' in this organization.",
    "`GET /roles` lists them all.",
  ),
  "identity.roleNotFound": problem(404, "There is no role '{id}' in this organization."),
  "identity.roleTaken": problem(
    409,
    "There is a role '{name}' in this organization already.",
    "Choose another name, or change that role.",
  ),
  "identity.roleFixed": problem(
    409,
    "The role '{name}' is what it is in every organization.",
    "`owner` and `admin` cannot be changed, and no role that every organization has can be deleted. Make one of your own.",
  ),
  "identity.roleInUse": problem(
    409,
    "The role '{name}' is held by {count}.",
    "Give them another role first.",
  ),
  "identity.ownerIsPersonal": problem(
    422,
    "The role 'owner' is held by persons only, not by {what}.",
    "Give it to a member.",
  ),
  "identity.subjectNotFound": problem(
    422,
    "There is no {kind} '{id}' in this organization to grant anything to.",
  ),
  "identity.expiryPast": problem(422, "expiresAt is {got}, which is not in the future."),
  "identity.grantNotFound": problem(404, "There is no grant '{id}' in this organization."),
  "identity.teamNotFound": problem(404, "There is no team '{id}' in this organization."),
  "identity.teamMemberNotFound": problem(404, "There is no member '{id}' in this team."),
  "identity.invitationNotFound": problem(
    404,
    "There is no invitation '{id}' in this organization.",
  ),
  "identity.invitationClosed": problem(
    409,
    "The invitation '{id}' was taken up, revoked, or has expired.",
  ),
  "identity.badInvitation": problem(
    422,
    "The invitation is not valid.",
    "It may be mistyped, used, revoked or expired; from outside all look alike. Ask for another one.",
  ),
  "identity.serviceAccountNotFound": problem(
    404,
    "There is no service account '{id}' in this organization.",
  ),
  "identity.secretInvalid": problem(
    401,
    "The secret of the service account is not valid.",
    "It may be mistyped, rotated away, switched off or deleted; from outside all look alike.",
  ),
  "identity.tooMany": problem(
    409,
    "This organization has {max} {what} already, as many as it may have.",
    "Delete some that are not needed any more.",
  ),
  "identity.callerBarred": problem(
    403,
    "Whoever this credential acts for is banned from the organization, or switched off.",
  ),
} as const;

/** Makes problems of this room. */
export const raise: Raise<typeof organizationErrors> = raiser(organizationErrors);
