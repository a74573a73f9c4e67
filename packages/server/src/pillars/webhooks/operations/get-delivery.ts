import { Type } from "typebox";
import { operation } from "portico/kernel";
import { OWNER } from "../owner.ts";
import { findDelivery } from "../find.ts";
import type { WebhookTables } from "../tables.ts";
import { AttemptView, DeliveryView, viewAttempt, viewDelivery } from "../view.ts";

const ATTEMPTS_MAX = 200;

/** `GET /deliveries/{id}`: one delivery with its attempts, oldest first. */
export const getDelivery = operation({
  id: "webhooks.getDelivery",
  method: "GET",
  path: "/deliveries/{id}",
  summary: "Get a delivery with its attempts",
  description: "Oldest first; of a delivery that was tried more than 200 times, the newest 200.",
  access: "webhooks:read",
  mode: "read",
  keepsTo: [OWNER],
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: {
    200: Type.Object({ ...DeliveryView.properties, attempts: Type.Array(AttemptView) }),
  },
  errors: ["webhooks.deliveryNotFound"],
  example: {
    path: { id: "{webhooks.listDeliveries.data.0.id}" },
    after: ["webhooks.create", "webhooks.enable", "webhooks.listDeliveries"],
  },
  async handle({ path, caller, read }) {
    const db = read.db<WebhookTables>();
    const delivery = await findDelivery(read, path.id, caller);
    const attempts = await db
      .selectFrom("webhooks_attempts")
      .selectAll()
      .where("delivery", "=", path.id)
      .orderBy("startedAt", "desc")
      .orderBy("id", "desc")
      .limit(ATTEMPTS_MAX)
      .execute();
    return { ...viewDelivery(delivery), attempts: attempts.toReversed().map(viewAttempt) };
  },
});
