/** Who may see the jobs and schedules of an organization, and who may change them. */
export const jobPermissions = {
  "jobs:read": "Read jobs and their progress",
  "jobs:write": "Retry and cancel jobs",
  "schedules:read": "Read schedules and their next ticks",
  "schedules:write": "Create and change schedules, pause and run them",
} as const;
