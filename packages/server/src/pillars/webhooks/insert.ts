import type { LogEvent, PluginContext, Tx } from "portico/kernel";
import { enqueueDelivery, wakeLines } from "./queue.ts";
import type { Line } from "./queue.ts";
import { stateOf } from "./state.ts";
import type { WebhookTables } from "./tables.ts";

/** Rows of one insert; with the columns of a delivery far below what a statement may carry on either database. */
export const CHUNK = 500;

/** An event for a webhook. */
export interface Match {
  readonly webhook: {
    readonly id: string;
    readonly isActive: boolean;
    readonly concurrency: number;
    readonly isOrdered: boolean;
  };
  readonly event: LogEvent;
}

/** Leaves out events that have a delivery for their webhook already. */
export async function withoutKnown(matches: readonly Match[], tx: Tx): Promise<Match[]> {
  const events = [...new Set(matches.map(({ event }) => event.id))];
  const known = new Set<string>();
  for (let start = 0; start < events.length; start += CHUNK) {
    const rows = await tx
      .db<WebhookTables>()
      .selectFrom("webhooks_deliveries")
      .select(["event", "webhook"])
      .where("event", "in", events.slice(start, start + CHUNK))
      .execute();
    for (const { event, webhook } of rows) known.add(`${event} ${webhook}`);
  }
  return matches.filter(({ event, webhook }) => !known.has(`${event.id} ${webhook.id}`));
}

/** Writes a delivery for each match, with its job, or held where the webhook is disabled; `isBulk` stands back for others. */
export async function insertDeliveries(
  matches: readonly Match[],
  tx: Tx,
  { ctx, isBulk = false }: { readonly ctx: PluginContext; readonly isBulk?: boolean },
): Promise<void> {
  if (matches.length === 0) return;
  const { recent } = stateOf(ctx);
  const nextPosition = await takePositions(matches, tx);
  const now = ctx.clock.now();
  const rows = matches.map(({ webhook, event }) => ({
    webhook: webhook.id,
    position: nextPosition(webhook.id),
    id: ctx.makeId("delivery"),
    event: event.id,
    eventType: event.type,
    state: webhook.isActive ? ("pending" as const) : ("held" as const),
    nextAt: webhook.isActive ? now : null,
    orderKey: webhook.isOrdered ? event.key : null,
    createdAt: now,
    updatedAt: now,
  }));
  for (let start = 0; start < rows.length; start += CHUNK) {
    await tx
      .db<WebhookTables>()
      .insertInto("webhooks_deliveries")
      .values(rows.slice(start, start + CHUNK))
      .execute();
  }
  const lines: Line[] = [];
  for (const [index, { webhook, event }] of matches.entries()) {
    const row = rows[index];
    if (!webhook.isActive || row === undefined) continue;
    recent.remember(event);
    const { id: delivery, orderKey, position } = row;
    const { concurrency } = webhook;
    const origin = { cause: delivery, trace: event.trace, actor: event.actor };
    if (orderKey === null) {
      const queued = { delivery, webhook: webhook.id, event: event.id, round: 1, position };
      enqueueDelivery(tx, queued, { concurrency, origin, isBulk });
    } else {
      lines.push({ webhook: webhook.id, line: orderKey, concurrency, origin });
    }
  }
  await wakeLines(tx, lines);
}

/** Reserves as many positions of each webhook as it has matches, whoever else does so at the same time. */
async function takePositions(
  matches: readonly Match[],
  tx: Tx,
): Promise<(webhook: string) => number> {
  const counts = new Map<string, number>();
  for (const { webhook } of matches) counts.set(webhook.id, (counts.get(webhook.id) ?? 0) + 1);
  // In one order for all, so that no two wait for each other.
  const ids = [...counts.keys()].toSorted();
  const next = new Map<string, number>();
  for (let start = 0; start < ids.length; start += CHUNK) {
    const rows = await tx
      .db<WebhookTables>()
      .insertInto("webhooks_positions")
      .values(
        ids
          .slice(start, start + CHUNK)
          .map((webhook) => ({ webhook, last: counts.get(webhook) ?? 0 })),
      )
      .onConflict((conflict) =>
        conflict.columns(["organization", "webhook"]).doUpdateSet((row) => ({
          last: row("webhooks_positions.last", "+", row.ref("excluded.last")),
        })),
      )
      .returning(["webhook", "last"])
      .execute();
    for (const { webhook, last } of rows) next.set(webhook, last - (counts.get(webhook) ?? 0) + 1);
  }
  return (webhook) => {
    const position = next.get(webhook) ?? 1;
    next.set(webhook, position + 1);
    return position;
  };
}
