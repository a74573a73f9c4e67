/** What one may be allowed to do with sessions beyond one's own. */
export const sessionPermissions = {
  "sessions:read": "See the sessions of everybody in the organization",
  "sessions:write": "End the sessions of everybody in the organization",
  "sessions:all": { label: "See the sessions of all people", scope: "instance" },
  "users:impersonate": { label: "Act as another person for an hour", scope: "instance" },
} as const;
