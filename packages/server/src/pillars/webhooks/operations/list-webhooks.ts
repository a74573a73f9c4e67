import { Type } from "typebox";
import { operation } from "portico/kernel";
import { OWNER, ownerOf } from "../owner.ts";
import { Owner } from "../subscription.ts";
import type { WebhookTables } from "../tables.ts";
import { viewWebhook, WEBHOOK_COLUMNS, WebhookView } from "../view.ts";

/** `GET /webhooks` */
export const listWebhooks = operation({
  id: "webhooks.list",
  method: "GET",
  path: "/webhooks",
  summary: "List webhooks",
  access: "webhooks:read",
  mode: "read",
  keepsTo: [OWNER],
  query: Type.Object(
    {
      owner: Type.Optional(Owner),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
      cursor: Type.Optional(Type.String()),
    },
    { additionalProperties: false },
  ),
  replies: {
    200: Type.Object({
      data: Type.Array(WebhookView),
      next: Type.Union([Type.String(), Type.Null()]),
    }),
  },
  example: { after: ["webhooks.create"] },
  async handle({ query, cursor, caller, read }) {
    const limit = query.limit ?? 50;
    const after = cursor.after?.[0];
    let select = read
      .db<WebhookTables>()
      .selectFrom("webhooks_webhooks")
      .select(WEBHOOK_COLUMNS)
      .orderBy("id")
      .limit(limit + 1);
    if (after !== undefined) select = select.where("id", ">", String(after));
    const kept = ownerOf(caller);
    if (query.owner !== undefined) select = select.where("owner", "=", query.owner);
    if (kept !== undefined) select = select.where("owner", "=", kept);
    const rows = await select.execute();
    const page = rows.slice(0, limit);
    const last = rows.length > limit ? page.at(-1) : undefined;
    return {
      data: page.map(viewWebhook),
      next: last === undefined ? null : cursor.next([last.id]),
    };
  },
});
