import { Type } from "typebox";
import { operation } from "portico/kernel";
import { raise } from "../errors.ts";
import type { WebhookTables } from "../tables.ts";
import { AttemptView, DeliveryView, viewAttempt, viewDelivery } from "../view.ts";

/** `GET /deliveries/{id}`: one delivery with every attempt, oldest first. */
export const getDelivery = operation({
  id: "webhooks.getDelivery",
  method: "GET",
  path: "/deliveries/{id}",
  summary: "Get a delivery with its attempts",
  access: "webhooks:read",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: {
    200: Type.Object({ ...DeliveryView.properties, attempts: Type.Array(AttemptView) }),
  },
  errors: ["webhooks.deliveryNotFound"],
  example: {
    path: { id: "{webhooks.listDeliveries.data.0.id}" },
    after: ["webhooks.create", "webhooks.enable", "webhooks.listDeliveries"],
  },
  async handle({ path, read }) {
    const db = read.db<WebhookTables>();
    const delivery = await db
      .selectFrom("webhooks_deliveries")
      .selectAll()
      .where("id", "=", path.id)
      .executeTakeFirst();
    if (delivery === undefined) {
      throw raise("webhooks.deliveryNotFound", { params: { id: path.id } });
    }
    const attempts = await db
      .selectFrom("webhooks_attempts")
      .selectAll()
      .where("delivery", "=", path.id)
      .orderBy("startedAt")
      .orderBy("id")
      .limit(200)
      .execute();
    return { ...viewDelivery(delivery), attempts: attempts.map(viewAttempt) };
  },
});
