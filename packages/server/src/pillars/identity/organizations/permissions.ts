import type { PermissionDefinition } from "portico/kernel";

/** Who may see and change what belongs to an organization. */
export const organizationPermissions: Readonly<Record<string, PermissionDefinition>> = {
  "organizations:create": "Make organizations, and own them",
  "organizations:read": "See the organization",
  "organizations:write": "Rename the organization",
  "organizations:all": {
    label: "Make owners, and add any person to an organization",
    scope: "instance",
  },
  "members:read": "See members and their roles",
  "members:write": "Add and remove members, and change their roles",
  "members:ban": "Ban members and let them back in",
  "teams:read": "See teams",
  "teams:write": "Make and change teams",
  "invitations:read": "See invitations",
  "invitations:write": "Invite, and take invitations back",
  "roles:read": "See roles and what they may do",
  "roles:write": "Make and change roles",
  "grants:read": "See grants and denials over resources",
  "grants:write": "Grant and deny over resources",
  "service-accounts:read": "See service accounts",
  "service-accounts:write": "Make and change service accounts",
  "access:read": "Ask what others may do, and why",
};
