/** What one may be allowed to do with limits. */
export const limitPermissions = {
  "limits:check": "Count calls against limits without a request through the gateway",
} as const;
