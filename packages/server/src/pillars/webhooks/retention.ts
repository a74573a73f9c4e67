import type { RetentionHold } from "portico/kernel";
import type { WebhookTables } from "./tables.ts";

/** An event is kept until it was delivered or given up: an attempt reads it by its id. */
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
};
