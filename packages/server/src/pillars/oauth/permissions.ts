/** What one may be allowed to do with OAuth clients. */
export const oauthPermissions = {
  "oauth:read": "Read the organization's OAuth clients, and what its users have allowed them",
  "oauth:write": "Create, change and delete OAuth clients, and revoke what users have allowed them",
} as const;
