/** Who may see the sources of an organization and what came in by them, and who may change them. */
export const sourcePermissions = {
  "sources:read": "Read sources and the messages that came in",
  "sources:write": "Create and change sources, release and replay messages",
} as const;
