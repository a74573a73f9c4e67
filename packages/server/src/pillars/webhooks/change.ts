import type { Caller, Tx } from "portico/kernel";
import { raise } from "./errors.ts";
import { findWebhook } from "./find.ts";
import { releaseParked } from "./health.ts";
import type { SteeringRow } from "./steering.ts";
import type { SubscriptionRow } from "./subscription.ts";
import type { WebhookRow, WebhookTables } from "./tables.ts";
import { WEBHOOK_CHANGED } from "./target.ts";
import { viewWebhook, webhookData } from "./view.ts";
import type { VisibleWebhook } from "./view.ts";

/** Which webhook is meant, and what its caller believes it to be. */
export interface Wanted {
  readonly idOrSlug: string;
  readonly ifMatch: number | undefined;
  readonly now: number;
  /** Who asks; left out, a caller who sees all of the organization. */
  readonly caller?: Pick<Caller, "restrictions">;
}

/** Columns a change may set. */
export type Changes = Partial<
  Pick<
    WebhookRow,
    "url" | "events" | "description" | "headers" | "headerNames" | "isActive" | "disabledReason"
  > &
    SubscriptionRow &
    SteeringRow & { readonly auth: string | null }
>;

/**
 * Reads a webhook to change it, held until the transaction ends. Raises `webhooks.notFound`, and `webhooks.stale` when
 * the caller knew another revision.
 */
export async function holdWebhook(
  tx: Tx,
  { idOrSlug, ifMatch, caller }: Wanted,
): Promise<VisibleWebhook> {
  const { id } = await findWebhook(tx, idOrSlug, caller);
  // Held by its id: two callers who change it at once come one after the other.
  await tx
    .forUpdate(
      tx.db<WebhookTables>().selectFrom("webhooks_webhooks").select("id").where("id", "=", id),
    )
    .execute();
  const row = await findWebhook(tx, id);
  if (ifMatch !== undefined && ifMatch !== row.revision) {
    throw raise("webhooks.stale", { params: { expected: ifMatch, actual: row.revision } });
  }
  return row;
}

/** Changes a webhook, tells the processes and the log, and gives back what it is now. */
export async function changeWebhook(
  tx: Tx,
  wanted: Wanted,
  change: (before: VisibleWebhook) => Changes,
): Promise<ReturnType<typeof viewWebhook>> {
  const before = await holdWebhook(tx, wanted);
  const { id } = before;
  await tx
    .db<WebhookTables>()
    .updateTable("webhooks_webhooks")
    .set({ ...change(before), revision: before.revision + 1, updatedAt: wanted.now })
    .where("id", "=", id)
    .execute();
  const after = await findWebhook(tx, id);
  const isDisabled = before.isActive === 1 && after.isActive === 0;
  if (isDisabled) {
    tx.emit("webhook.disabled", { id, reason: "caller" }, { subject: id });
    releaseParked(tx, id);
  } else tx.emit("webhook.updated", webhookData(after), { subject: id });
  tx.audit({
    action: "webhooks.update",
    target: id,
    before: viewWebhook(before),
    after: viewWebhook(after),
  });
  tx.changed(WEBHOOK_CHANGED, id);
  return viewWebhook(after);
}

/** Columns that enable or disable. */
export function activity(isActive: boolean): Changes {
  return { isActive: isActive ? 1 : 0, disabledReason: isActive ? null : "caller" };
}
