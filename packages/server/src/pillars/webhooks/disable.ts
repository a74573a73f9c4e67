import type { Origin, PluginContext } from "portico/kernel";
import { WEBHOOK_CHANGED } from "./target.ts";
import type { WebhookTables } from "./tables.ts";

/**
 * Disables a webhook whose receiver answered 410 Gone; once, however many attempts hear it. A transaction of its own,
 * before the attempt is recorded: after a crash in between, the delivery finds its webhook disabled and is held.
 */
export async function disableGone(
  ctx: PluginContext,
  webhook: { readonly organization: string; readonly id: string },
  origin: Origin,
): Promise<void> {
  const { organization, id } = webhook;
  await ctx.store.transaction({ scope: { organization }, origin }, async (tx) => {
    const { numUpdatedRows } = await tx
      .db<WebhookTables>()
      .updateTable("webhooks_webhooks")
      .set((row) => ({
        isActive: 0,
        disabledReason: "gone",
        revision: row("revision", "+", 1),
        updatedAt: ctx.clock.now(),
      }))
      .where("id", "=", id)
      .where("isActive", "=", 1)
      .executeTakeFirst();
    if (Number(numUpdatedRows) === 0) return;
    tx.emit("webhook.disabled", { id, reason: "gone" }, { subject: id });
    tx.audit({ action: "webhooks.disable", target: id, after: { reason: "gone" } });
    tx.changed(WEBHOOK_CHANGED, id);
  });
}
