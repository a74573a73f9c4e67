/** Who may see the jobs of an organization, and who may retry and cancel them. */
export const jobPermissions = {
  "jobs:read": "Read jobs and their progress",
  "jobs:write": "Retry and cancel jobs",
} as const;
