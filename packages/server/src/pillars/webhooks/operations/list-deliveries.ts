import { Type } from "typebox";
import { operation } from "portico/kernel";
import { OWNER } from "../owner.ts";
import { findWebhook } from "../find.ts";
import { ofType, PATTERN } from "../match.ts";
import type { WebhookTables } from "../tables.ts";
import { DeliveryView, viewDelivery } from "../view.ts";

/** `GET /webhooks/{id}/deliveries`: newest first. */
export const listDeliveries = operation({
  id: "webhooks.listDeliveries",
  method: "GET",
  path: "/webhooks/{id}/deliveries",
  summary: "List deliveries of a webhook",
  description:
    "Newest first. `type` may be a beginning, `invoice.*`; `since` and `until` are about when the delivery was made.",
  access: "webhooks:read",
  mode: "read",
  keepsTo: [OWNER],
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  query: Type.Object(
    {
      state: Type.Optional(DeliveryView.properties.state),
      type: Type.Optional(Type.String({ pattern: PATTERN, maxLength: 128 })),
      event: Type.Optional(Type.String({ maxLength: 64 })),
      since: Type.Optional(Type.String({ format: "date-time" })),
      until: Type.Optional(Type.String({ format: "date-time" })),
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
  async handle({ path, query, cursor, caller, read }) {
    const { id } = await findWebhook(read, path.id, caller);
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
    if (query.event !== undefined) select = select.where("event", "=", query.event);
    if (query.since !== undefined)
      select = select.where("createdAt", ">=", Date.parse(query.since));
    if (query.until !== undefined) select = select.where("createdAt", "<", Date.parse(query.until));
    if (query.type !== undefined) select = select.where(ofType(query.type));
    const rows = await select.execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(viewDelivery),
      next: last === undefined ? null : cursor.next([last.position]),
    };
  },
});
