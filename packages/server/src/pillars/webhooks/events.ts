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
    description:
      "A webhook was disabled: by a caller, because its receiver answered 410 Gone (`gone`), or after days of failures (`failing`).",
    data: Type.Object({ id: Type.String(), reason: Type.String() }),
    example: { id: example.id, reason: "gone" },
  },
  "webhook.failing": {
    description:
      "A webhook's receiver failed so often in a row that deliveries wait for it; probes go on. Never delivered to that webhook itself.",
    data: Type.Object({
      id: Type.String(),
      failingSince: Type.String({ format: "date-time" }),
      error: Type.String(),
    }),
    example: {
      id: example.id,
      failingSince: "2026-01-02T03:04:05.000Z",
      error: "The receiver answered 503",
    },
  },
  "webhook.recovered": {
    description:
      "A webhook that had failed took a delivery again; what waited is being sent. Never delivered to that webhook itself.",
    data: Type.Object({
      id: Type.String(),
      failingSince: Type.String({ format: "date-time" }),
    }),
    example: { id: example.id, failingSince: "2026-01-02T03:04:05.000Z" },
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
