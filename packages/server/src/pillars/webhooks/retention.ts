import type { RetentionHold, Tx } from "portico/kernel";
import type { WebhookTables } from "./tables.ts";

const BATCH = 500;

/**
 * An event is kept until it was delivered or given up: an attempt reads it by its id. Its deliveries and their attempts go
 * with it: without it nothing could be delivered again.
 */
export const undeliveredEvents: RetentionHold = {
  id: "webhooks",
  async needed({ organization, events }, ctx) {
    const db = ctx.store.read({ organization }).db<WebhookTables>();
    const delivering = await db
      .selectFrom("webhooks_deliveries")
      .select("event")
      .distinct()
      .where("event", "in", events)
      .where("state", "in", ["pending", "held"])
      .execute();
    const waiting = await db
      .selectFrom("webhooks_backlog")
      .select("event")
      .where("event", "in", events)
      .execute();
    return [...delivering, ...waiting].map(({ event }) => event);
  },
  async letGo({ organization, events }, ctx) {
    const options = { scope: { organization }, origin: ctx.newOrigin("webhooks") };
    let count = BATCH;
    // One event may have had ten thousand deliveries: no writer waits for all of them.
    while (count === BATCH) {
      count = await ctx.store.transaction(options, (tx) => forgetSome(tx, events));
    }
  },
};

async function forgetSome(tx: Tx, events: readonly string[]): Promise<number> {
  const db = tx.db<WebhookTables>();
  const rows = await db
    .selectFrom("webhooks_deliveries")
    .select("id")
    .where("event", "in", events)
    .limit(BATCH)
    .execute();
  const ids = rows.map(({ id }) => id);
  if (ids.length === 0) return 0;
  await db.deleteFrom("webhooks_attempts").where("delivery", "in", ids).execute();
  await db.deleteFrom("webhooks_deliveries").where("id", "in", ids).execute();
  return ids.length;
}
