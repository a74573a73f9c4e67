import { Type } from "typebox";
import { operation } from "portico/kernel";
import { OWNER } from "../owner.ts";
import { holdWebhook } from "../change.ts";
import { releaseParked } from "../health.ts";
import type { WebhookTables } from "../tables.ts";
import { WEBHOOK_CHANGED } from "../target.ts";
import { viewWebhook } from "../view.ts";

/** `DELETE /webhooks/{id}`: the row and its secret are gone; what was delivered stays on record. */
export const deleteWebhook = operation({
  id: "webhooks.delete",
  method: "DELETE",
  path: "/webhooks/{id}",
  summary: "Delete a webhook",
  description:
    "The webhook and its secret are erased. Deliveries that still waited are canceled; each can be read by its id.",
  access: "webhooks:write",
  mode: "write",
  keepsTo: [OWNER],
  params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
  replies: { 204: null },
  errors: ["webhooks.notFound", "webhooks.stale"],
  example: { path: { id: "{webhooks.create.id}" }, after: ["webhooks.create"] },
  async handle({ path, ifMatch, caller, tx, ctx }) {
    const wanted = { idOrSlug: path.id, ifMatch, now: ctx.clock.now(), caller };
    const row = await holdWebhook(tx, wanted);
    const db = tx.db<WebhookTables>();
    await db.deleteFrom("webhooks_webhooks").where("id", "=", row.id).execute();
    await db.deleteFrom("webhooks_positions").where("webhook", "=", row.id).execute();
    tx.emit("webhook.deleted", { id: row.id }, { subject: row.id });
    tx.audit({ action: "webhooks.delete", target: row.id, before: viewWebhook(row) });
    tx.changed(WEBHOOK_CHANGED, row.id);
    releaseParked(tx, row.id);
  },
});
