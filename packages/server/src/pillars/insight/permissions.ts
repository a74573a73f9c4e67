import type { PermissionDefinition } from "portico/kernel";

/** What of insight may be granted. */
export const insightPermissions: Readonly<Record<string, PermissionDefinition>> = {
  "insight:read": "See requests, analytics and errors of the organization",
  "insight:write": "Report, resolve, mute and reopen errors",
  "insight:operate": {
    label: "See requests, analytics and errors of all organizations, and what broke inside",
    scope: "instance",
  },
  "audit:read": "See the audit",
};
