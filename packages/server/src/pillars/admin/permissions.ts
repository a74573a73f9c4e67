import type { PermissionDefinition } from "portico/kernel";

/** What of the administration may be granted. */
export const adminPermissions: Readonly<Record<string, PermissionDefinition>> = {
  "stats:read": "See statistics of the organization",
  "admin:read": {
    label: "See the installation's statistics, health and metrics",
    scope: "instance",
  },
  "config:read": { label: "See every setting, secrets excepted", scope: "instance" },
  "config:write": { label: "Change settings and take changes back", scope: "instance" },
};
