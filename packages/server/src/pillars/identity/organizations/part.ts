import type { Part } from "../part.ts";

/** What this room declares. Its migrations are numbered 0101 to 0199. */
export const organizationsPart: Part = {
  settings: {},
  permissions: {},
  errors: {},
  events: {},
  tables: {},
  migrations: [],
  operations: [],
  jobs: {},
  schedules: {},
  contributes: [],
};
