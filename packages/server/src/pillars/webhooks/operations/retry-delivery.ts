import { Type } from "typebox";
import { operation } from "portico/kernel";
import { raise } from "../errors.ts";
import type { WebhookTables } from "../tables.ts";

/** `POST /deliveries/{id}/retry`: delivers again at once, and climbs the ladder anew if that fails. */
export const retryDelivery = operation({
  id: "webhooks.retryDelivery",
  method: "POST",
  path: "/deliveries/{id}/retry",
  summary: "Deliver again",
  description:
    "Tries at once, whatever the state, with the same `webhook-id`; failures climb the ladder anew. A delivery that is " +
    "about to be tried for the first time is left as it is.",
  access: "webhooks:write",
  mode: "write",
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 202: Type.Object({ id: Type.String(), status: Type.Literal("accepted") }) },
  errors: ["webhooks.deliveryNotFound", "webhooks.notFound", "webhooks.inactive"],
  example: {
    path: { id: "{webhooks.listDeliveries.data.0.id}" },
    after: ["webhooks.create", "webhooks.enable", "webhooks.listDeliveries"],
  },
  async handle({ path, tx, ctx, origin }) {
    const db = tx.db<WebhookTables>();
    const row = await tx
      .forUpdate(
        db
          .selectFrom("webhooks_deliveries")
          .select(["id", "webhook", "event", "state", "round", "attempts"])
          .where("id", "=", path.id),
      )
      .executeTakeFirst();
    if (row === undefined) throw raise("webhooks.deliveryNotFound", { params: { id: path.id } });
    const webhook = await db
      .selectFrom("webhooks_webhooks")
      .select("isActive")
      .where("id", "=", row.webhook)
      .executeTakeFirst();
    if (webhook === undefined) throw raise("webhooks.notFound", { params: { id: row.webhook } });
    if (webhook.isActive !== 1) throw raise("webhooks.inactive", { params: { id: row.webhook } });
    const accepted = { id: row.id, status: "accepted" };
    if (row.state === "pending" && row.attempts === 0 && row.round === 1) return accepted;
    const round = row.round + 1;
    const now = ctx.clock.now();
    await db
      .updateTable("webhooks_deliveries")
      .set({ state: "pending", round, tries: 0, nextAt: now, updatedAt: now })
      .where("id", "=", row.id)
      .execute();
    tx.enqueue(
      "deliver",
      { delivery: row.id, webhook: row.webhook, event: row.event, round },
      { key: row.webhook, origin: { ...origin, cause: row.id } },
    );
    return accepted;
  },
});
