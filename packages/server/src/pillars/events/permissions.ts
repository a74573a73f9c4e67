/** Who may read the log of an organization, and who may put events on it. */
export const eventPermissions = {
  "events:read": "Read events and their threads",
  "events:write": "Publish events",
} as const;
