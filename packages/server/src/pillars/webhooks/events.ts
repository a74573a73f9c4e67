import { Type } from "typebox";

const Webhook = Type.Object({
  id: Type.String(),
  url: Type.String(),
  events: Type.Array(Type.String()),
  active: Type.Boolean(),
});
const example = {
  id: "webhook_01jd3v9k2me8r8v0c2m4t6x8z0",
  url: "https://example.com/hooks",
  events: ["invoice.*"],
  active: true,
};

/** What this pillar puts on the log. All but `delivery.exhausted` are delivered to webhooks like any other event. */
export const webhookEvents = {
  "webhook.created": { description: "A webhook was created.", data: Webhook, example },
  "webhook.updated": { description: "A webhook was changed or enabled.", data: Webhook, example },
  "webhook.deleted": {
    description: "A webhook was deleted.",
    data: Type.Object({ id: Type.String() }),
    example: { id: example.id },
  },
  "webhook.disabled": {
    description: "A webhook was disabled, by a caller or because its receiver answered 410 Gone.",
    data: Type.Object({ id: Type.String(), reason: Type.String() }),
    example: { id: example.id, reason: "gone" },
  },
  "delivery.exhausted": {
    description:
      "A delivery failed for the last time. Never delivered to webhooks: each failure of this event would cause another.",
    data: Type.Object({
      id: Type.String(),
      webhook: Type.String(),
      event: Type.String(),
      attempts: Type.Integer(),
      error: Type.String(),
    }),
    example: {
      id: "delivery_01jd3v9k2me8r8v0c2m4t6x8z0",
      webhook: example.id,
      event: "evt_01jd3v9k2me8r8v0c2m4t6x8z0",
      attempts: 10,
      error: "The receiver answered 503",
    },
  },
} as const;
