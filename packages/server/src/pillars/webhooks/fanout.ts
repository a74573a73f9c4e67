import type { LogEvent, PluginContext, Read, Tx } from "portico/kernel";
import { NEVER_DELIVERED, matcher, tellsOfItself } from "./match.ts";
import { enqueueDelivery, wakeLines } from "./queue.ts";
import type { Line } from "./queue.ts";
import { stateOf } from "./state.ts";
import type { WebhookTables } from "./tables.ts";

/** Rows of one insert; with the columns of a delivery far below what a statement may carry on either database. */
const CHUNK = 500;

interface Subscriber {
  readonly id: string;
  readonly isActive: boolean;
  readonly fromSeq: number;
  readonly concurrency: number;
  readonly isOrdered: boolean;
  readonly wants: (type: string) => boolean;
}

interface Match {
  readonly webhook: Subscriber;
  readonly event: LogEvent;
}

/**
 * Turns events into deliveries, each with its job, in the transaction that moves the consumer's cursor: one read of the
 * organization's webhooks for the batch, rows many at a time. Events for a disabled webhook become held deliveries.
 */
export async function fanOut(
  events: readonly LogEvent[],
  tx: Tx,
  ctx: PluginContext,
): Promise<void> {
  await beginWithCreation(events, tx);
  const webhooks = await readSubscribers(tx);
  const matches = matchAll(events, webhooks);
  if (matches.length === 0) return;
  const fresh = await withoutKnown(matches, tx);
  await insertDeliveries(fresh, tx, ctx);
}

/** Whether any of the events has a subscriber, or makes one: a webhook begins with its own creation on the log. */
export async function concernsWebhooks(events: readonly LogEvent[], read: Read): Promise<boolean> {
  if (events.some(({ type }) => type === "webhook.created")) return true;
  return matchAll(events, await readSubscribers(read)).length > 0;
}

/** A webhook is sent what comes after its own creation on the log. */
async function beginWithCreation(events: readonly LogEvent[], tx: Tx): Promise<void> {
  for (const { type, subject, seq } of events) {
    if (type !== "webhook.created" || subject === null) continue;
    await tx
      .db<WebhookTables>()
      .updateTable("webhooks_webhooks")
      .set({ fromSeq: seq })
      .where("id", "=", subject)
      .where("fromSeq", "is", null)
      .execute();
  }
}

async function readSubscribers(tx: Read): Promise<Subscriber[]> {
  const rows = await tx
    .db<WebhookTables>()
    .selectFrom("webhooks_webhooks")
    .select(["id", "events", "isActive", "fromSeq", "concurrency", "ordering"])
    .where("fromSeq", "is not", null)
    .orderBy("id")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    isActive: row.isActive === 1,
    fromSeq: row.fromSeq ?? 0,
    concurrency: row.concurrency,
    isOrdered: row.ordering !== null,
    // Written by us, from patterns the schema of the operation had accepted.
    wants: matcher(JSON.parse(row.events) as string[]),
  }));
}

function matchAll(events: readonly LogEvent[], webhooks: readonly Subscriber[]): Match[] {
  const wanting = new Map<string, readonly Subscriber[]>();
  const matches: Match[] = [];
  for (const event of events) {
    if (event.type === NEVER_DELIVERED) continue;
    const known = wanting.get(event.type);
    const subscribers = known ?? webhooks.filter((webhook) => webhook.wants(event.type));
    if (known === undefined) wanting.set(event.type, subscribers);
    for (const webhook of subscribers) {
      if (event.seq > webhook.fromSeq && !tellsOfItself(event, webhook.id))
        matches.push({ webhook, event });
    }
  }
  return matches;
}

/** An event may be handled again, after it was parked or the cursor set back; its deliveries are there already then. */
async function withoutKnown(matches: readonly Match[], tx: Tx): Promise<Match[]> {
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

async function insertDeliveries(
  matches: readonly Match[],
  tx: Tx,
  ctx: PluginContext,
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
      enqueueDelivery(tx, queued, { concurrency, origin });
    } else {
      lines.push({ webhook: webhook.id, line: orderKey, concurrency, origin });
    }
  }
  await wakeLines(tx, lines);
}

/** Reserves as many positions of each webhook as it has matches. Only the one elected consumer writes them. */
async function takePositions(
  matches: readonly Match[],
  tx: Tx,
): Promise<(webhook: string) => number> {
  const counts = new Map<string, number>();
  for (const { webhook } of matches) counts.set(webhook.id, (counts.get(webhook.id) ?? 0) + 1);
  const ids = [...counts.keys()];
  const last = new Map<string, number>();
  for (let start = 0; start < ids.length; start += CHUNK) {
    const chunk = ids.slice(start, start + CHUNK);
    const rows = await tx
      .db<WebhookTables>()
      .selectFrom("webhooks_positions")
      .select(["webhook", "last"])
      .where("webhook", "in", chunk)
      .execute();
    for (const row of rows) last.set(row.webhook, row.last);
    await tx
      .db<WebhookTables>()
      .insertInto("webhooks_positions")
      .values(
        chunk.map((webhook) => ({
          webhook,
          last: (last.get(webhook) ?? 0) + (counts.get(webhook) ?? 0),
        })),
      )
      .onConflict((conflict) =>
        conflict
          .columns(["organization", "webhook"])
          .doUpdateSet((row) => ({ last: row.ref("excluded.last") })),
      )
      .execute();
  }
  return (webhook) => {
    const position = (last.get(webhook) ?? 0) + 1;
    last.set(webhook, position);
    return position;
  };
}
