import type { Part } from "../part.ts";

/** What this room declares. Its migrations are numbered 0001 to 0099. */
export const peoplePart: Part = {
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
