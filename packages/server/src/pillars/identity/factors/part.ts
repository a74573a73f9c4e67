import type { Part } from "../part.ts";

/** What this room declares. Its migrations are numbered 0301 to 0399. */
export const factorsPart: Part = {
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
