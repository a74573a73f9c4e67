/** What one may be allowed to do with API keys. */
export const keyPermissions = {
  "keys:read": "Read and verify API keys: one's own",
  "keys:write": "Create, change and revoke API keys: one's own",
  "keys:all": "See and change the API keys of everybody in the organization",
} as const;
