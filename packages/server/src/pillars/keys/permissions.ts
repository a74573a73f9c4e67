/** What one may be allowed to do with API keys. */
export const keyPermissions = {
  "keys:read": "List, read and verify API keys",
  "keys:write": "Create and revoke API keys",
} as const;
