/** Who may read the log of an organization, put events on it, and say what its events look like. */
export const eventPermissions = {
  "events:read": "Read events, their threads and their types",
  "events:write": "Publish events",
  "event-types:write": "Describe event types and change their schemas",
  "events:operate": {
    label: "See events that a part of the server could not handle, and have them handled again",
    scope: "instance",
  },
} as const;
