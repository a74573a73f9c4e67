import type { Part } from "../part.ts";

/** What this room declares. Its migrations are numbered 0201 to 0299. */
export const sessionsPart: Part = {
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
