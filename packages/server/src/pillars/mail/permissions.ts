import type { PermissionDefinition } from "portico/kernel";

/** What one may be allowed to do with mail. */
export const mailPermissions: Readonly<Record<string, PermissionDefinition>> = {
  "mail:test": { label: "Send a test mail", scope: "instance" },
};
