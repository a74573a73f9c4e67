import type { Origin, PluginContext, Tx } from "portico/kernel";
import type { Urgency } from "./insert.ts";
import type { WebhookTables } from "./tables.ts";

/** A delivery that is to begin a new round; its row is held by the transaction. */
export interface Renewed {
  readonly id: string;
  readonly webhook: string;
  readonly event: string;
  /** The round so far. */
  readonly round: number;
}

/** Begins a new round of each delivery: tried at once, with the whole ladder before it. */
export async function deliverAgain(
  deliveries: readonly Renewed[],
  tx: Tx,
  { ctx, origin, priority }: { readonly ctx: PluginContext; readonly origin: Origin } & Urgency,
): Promise<void> {
  if (deliveries.length === 0) return;
  const now = ctx.clock.now();
  await tx
    .db<WebhookTables>()
    .updateTable("webhooks_deliveries")
    .set((row) => ({
      state: "pending",
      round: row("round", "+", 1),
      tries: 0,
      parkedAt: null,
      nextAt: now,
      updatedAt: now,
    }))
    .where(
      "id",
      "in",
      deliveries.map(({ id }) => id),
    )
    .execute();
  for (const { id, webhook, event, round } of deliveries) {
    tx.enqueue(
      "deliver",
      { delivery: id, webhook, event, round: round + 1 },
      {
        key: webhook,
        ...(priority === undefined ? {} : { priority }),
        origin: { ...origin, cause: id },
      },
    );
  }
}
