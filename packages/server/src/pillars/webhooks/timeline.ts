import type { PluginContext, TimelineEntry, TimelineSource } from "portico/kernel";
import type { AttemptRow, DeliveryRow, WebhookTables } from "./tables.ts";

const EVENTS_MAX = 1_000;
const DELIVERIES_MAX = 1_000;
const ATTEMPTS_MAX = 5_000;

/** Tells a thread of the deliveries of its events and of each attempt. */
export const deliveriesOfThread: TimelineSource = {
  id: "webhooks",
  async entries({ organization, trace }, ctx): Promise<readonly TimelineEntry[]> {
    const events = await ctx.log.page({ organization, trace, order: "oldest", limit: EVENTS_MAX });
    if (events.length === 0) return [];
    const ids = events.map((event) => event.id);
    const deliveries = await readDeliveries(ctx, organization, ids);
    if (deliveries.length === 0) return [];
    const attempts = await readAttempts(
      ctx,
      organization,
      deliveries.map((delivery) => delivery.id),
    );
    return [...deliveries.map(toDeliveryEntry), ...attempts.map(toAttemptEntry)];
  },
};

type DeliveryPart = Pick<
  DeliveryRow,
  "id" | "event" | "webhook" | "state" | "createdAt" | "eventType" | "nextAt"
> & { readonly attempts: number };

async function readDeliveries(
  ctx: PluginContext,
  organization: string,
  events: readonly string[],
): Promise<readonly DeliveryPart[]> {
  return ctx.store
    .read({ organization })
    .db<WebhookTables>()
    .selectFrom("webhooks_deliveries")
    .select(["id", "event", "webhook", "state", "createdAt", "eventType", "nextAt", "attempts"])
    .where("event", "in", events)
    .orderBy("position")
    .limit(DELIVERIES_MAX)
    .execute();
}

type AttemptPart = Omit<AttemptRow, "responseBody">;

async function readAttempts(
  ctx: PluginContext,
  organization: string,
  deliveries: readonly string[],
): Promise<readonly AttemptPart[]> {
  return ctx.store
    .read({ organization })
    .db<WebhookTables>()
    .selectFrom("webhooks_attempts")
    .select(["id", "delivery", "startedAt", "durationMs", "status", "error", "address"])
    .where("delivery", "in", deliveries)
    .orderBy("id")
    .limit(ATTEMPTS_MAX)
    .execute();
}

function toDeliveryEntry(row: DeliveryPart): TimelineEntry {
  return {
    kind: "delivery",
    id: row.id,
    cause: row.event,
    at: row.createdAt,
    summary: `${row.eventType} to ${row.webhook}: ${row.state}`,
    details: {
      webhook: row.webhook,
      state: row.state,
      attemptCount: row.attempts,
      nextAt: row.nextAt,
    },
  };
}

function toAttemptEntry(row: AttemptPart): TimelineEntry {
  return {
    kind: "attempt",
    id: row.id,
    cause: row.delivery,
    at: row.startedAt,
    summary: row.error ?? `The receiver answered ${row.status}`,
    details: { status: row.status, durationMs: row.durationMs, address: row.address },
  };
}
