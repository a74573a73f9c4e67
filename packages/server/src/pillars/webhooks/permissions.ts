/** Who may see the webhooks of an organization and what they were sent, and who may change them. */
export const webhookPermissions = {
  "webhooks:read": "Read webhooks, their deliveries and attempts",
  "webhooks:write": "Create and change webhooks, and deliver again",
} as const;
