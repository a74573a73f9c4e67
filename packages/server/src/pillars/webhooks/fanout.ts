import type { LogEvent, PluginContext, Read, Tx } from "portico/kernel";
import { appendBacklog, hasBacklog } from "./backlog.ts";
import { CHUNK, insertDeliveries, withoutKnown } from "./insert.ts";
import type { Match } from "./insert.ts";
import { changesSubscribers, matchOne, readSubscribers, subscribersOf } from "./subscribers.ts";
import type { Subscriber } from "./subscribers.ts";
import type { WebhookTables } from "./tables.ts";

/**
 * Turns events into deliveries, each with its job, in the transaction that moves the consumer's cursor. Events for a
 * disabled webhook become held deliveries. What has more subscribers than one transaction should write is put into the
 * backlog, and so is what comes behind it: each webhook is given its positions in log order.
 */
export async function fanOut(
  events: readonly LogEvent[],
  tx: Tx,
  ctx: PluginContext,
): Promise<void> {
  await beginWithCreation(events, tx);
  const matches = matchAll(events, await subscribersFor(events, tx, ctx));
  if (matches.length === 0) return;
  if (matches.length > CHUNK || (await hasBacklog(tx))) return await appendBacklog(matches, tx);
  await insertDeliveries(await withoutKnown(matches, tx), tx, { ctx });
}

/** Whether any of the events has a subscriber, or changes who is one. */
export async function concernsWebhooks(
  events: readonly LogEvent[],
  read: Read,
  ctx: PluginContext,
): Promise<boolean> {
  if (events.some(changesSubscribers)) return true;
  return matchAll(events, await subscribersFor(events, read, ctx)).length > 0;
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

async function subscribersFor(
  events: readonly LogEvent[],
  read: Read,
  ctx: PluginContext,
): Promise<readonly Subscriber[]> {
  const organization = events[0]?.organization;
  if (organization === undefined) return [];
  if (!events.some(changesSubscribers)) return await subscribersOf(ctx).of(organization, read);
  // What this very transaction has written is not to be remembered before it is committed.
  subscribersOf(ctx).forget(organization);
  return await readSubscribers(read);
}

function matchAll(events: readonly LogEvent[], webhooks: readonly Subscriber[]): Match[] {
  const wanting = new Map<string, readonly Subscriber[]>();
  return events.flatMap((event) => {
    const known = wanting.get(event.type);
    const subscribers = known ?? webhooks.filter((webhook) => webhook.wantsType(event.type));
    if (known === undefined) wanting.set(event.type, subscribers);
    return matchOne(event, subscribers);
  });
}
