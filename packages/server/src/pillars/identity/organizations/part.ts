import type { Part } from "../part.ts";
import { organizationErrors } from "./errors.ts";
import { organizationEvents } from "./events.ts";
import { createOrganizations } from "./migrations/0101-create-organizations.ts";
import { organizationPermissions } from "./permissions.ts";
import { organizationTables } from "./tables.ts";

/** What this room declares. Its migrations are numbered 0101 to 0199. */
export const organizationsPart: Part = {
  settings: {},
  permissions: organizationPermissions,
  errors: organizationErrors,
  events: organizationEvents,
  tables: organizationTables,
  migrations: [createOrganizations],
  operations: [],
  jobs: {},
  schedules: {},
  contributes: [],
};
