/** What one may be allowed to do with the accounts of the installation. */
export const peoplePermissions = {
  "users:read": { label: "Read every account of the installation", scope: "instance" },
  "users:write": {
    label: "Change, suspend, sign out and delete accounts of the installation",
    scope: "instance",
  },
} as const;
