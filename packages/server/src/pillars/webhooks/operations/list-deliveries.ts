import { Type } from "typebox";
import { operation } from "portico/kernel";
import { findWebhook } from "../find.ts";
import type { WebhookTables } from "../tables.ts";
import { DeliveryView, viewDelivery } from "../view.ts";

/** `GET /webhooks/{id}/deliveries`: newest first. */
export const listDeliveries = operation({
  id: "webhooks.listDeliveries",
  method: "GET",
  path: "/webhooks/{id}/deliveries",
  summary: "List deliveries of a webhook",
  access: "webhooks:read",
  mode: "read",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  query: Type.Object(
    {
      state: Type.Optional(DeliveryView.properties.state),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
      cursor: Type.Optional(Type.String()),
    },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      data: Type.Array(DeliveryView),
      next: Type.Union([Type.String(), Type.Null()]),
    }),
  },
  errors: ["webhooks.notFound"],
  example: { path: { id: "{webhooks.create.id}" }, after: ["webhooks.create"] },
  async handle({ path, query, cursor, read }) {
    const { id } = await findWebhook(read, path.id);
    const limit = query.limit ?? 50;
    const before = cursor.after?.[0];
    let select = read
      .db<WebhookTables>()
      .selectFrom("webhooks_deliveries")
      .selectAll()
      .where("webhook", "=", id)
      .orderBy("position", "desc")
      .limit(limit + 1);
    if (before !== undefined) select = select.where("position", "<", Number(before));
    if (query.state !== undefined) select = select.where("state", "=", query.state);
    const rows = await select.execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(viewDelivery),
      next: last === undefined ? null : cursor.next([last.position]),
    };
  },
});
