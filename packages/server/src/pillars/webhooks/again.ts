import type { Origin, PluginContext, Tx } from "portico/kernel";
import { enqueueDelivery, wakeLines } from "./queue.ts";
import type { WebhookTables } from "./tables.ts";

/** A delivery that is to begin a new round; its row is held by the transaction. */
export interface Renewed {
  readonly id: string;
  readonly webhook: string;
  readonly event: string;
  readonly position: number;
  /** Of its webhook. */
  readonly concurrency: number;
  /** The key whose order it keeps. */
  readonly orderKey: string | null;
  /** The round so far. */
  readonly round: number;
}

/** Columns of a delivery that a new round rests on. */
export const RENEWED_COLUMNS = ["id", "webhook", "event", "position", "orderKey", "round"] as const;

/** How the rounds are begun. */
export interface Renewal {
  readonly ctx: PluginContext;
  readonly origin: Origin;
  /** True: many at once, which stand back for others. False: by hand, sent even while the webhook is paused. */
  readonly isBulk: boolean;
}

/** Begins a new round of each delivery: tried at once, with the whole ladder before it. */
export async function deliverAgain(
  deliveries: readonly Renewed[],
  tx: Tx,
  { ctx, origin, isBulk }: Renewal,
): Promise<void> {
  if (deliveries.length === 0) return;
  const now = ctx.clock.now();
  const ids = deliveries.map(({ id }) => id);
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
    .where("id", "in", ids)
    .execute();
  const pass = isBulk ? {} : { pass: true };
  const inLine = deliveries.flatMap(({ id, webhook, orderKey: line, concurrency }) =>
    line === null
      ? []
      : [{ webhook, line, concurrency, origin: { ...origin, cause: id }, ...pass }],
  );
  await wakeLines(tx, inLine);
  for (const { id, webhook, event, position, orderKey, concurrency, round } of deliveries) {
    if (orderKey !== null) continue;
    const queued = { delivery: id, webhook, event, round: round + 1, position, again: true };
    enqueueDelivery(
      tx,
      { ...queued, ...pass },
      { concurrency, isBulk, origin: { ...origin, cause: id } },
    );
  }
}
