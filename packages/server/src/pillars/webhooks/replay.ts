import type { LogEvent, Tx } from "portico/kernel";
import { deliverAgain, RENEWED_COLUMNS } from "./again.ts";
import type { Renewed } from "./again.ts";
import { STEP } from "./bulk-step.ts";
import type { BulkInput, BulkPlace, BulkStep } from "./bulk-step.ts";
import { insertDeliveries } from "./insert.ts";
import { NEVER_DELIVERED } from "./match.ts";
import { matchOne, SUBSCRIBED_COLUMNS, toSubscriber } from "./subscribers.ts";
import type { Subscriber, SubscribedRow } from "./subscribers.ts";
import type { DeliveryState, WebhookTables } from "./tables.ts";

/** Never sent at all, and not on its way. */
const NEVER_TRIED: ReadonlySet<DeliveryState> = new Set(["held", "exhausted", "canceled"]);

/**
 * Events of a window to one webhook: an event that has a delivery there begins a new round of it, with its position and
 * its `webhook-id`; one that has none is given one. So a step that is repeated finds what it wrote and adds nothing twice.
 */
export async function replayStep(at: BulkPlace): Promise<BulkStep> {
  const { ctx, input } = at;
  const webhook = await readWebhook(at);
  const events = await eventsAfter(at);
  const last = events.length < STEP ? undefined : events.at(-1);
  const wanted =
    webhook === undefined ? [] : events.filter((event) => isWanted(event, input, webhook));
  return {
    next: last === undefined ? undefined : String(last.seq),
    write: async (tx) => {
      if (webhook === undefined || wanted.length === 0) return 0;
      const known = await holdKnown(tx, webhook, wanted);
      const again = [...known.values()].filter(
        (row) =>
          row.state !== "pending" &&
          (input.kind === "replay" || (NEVER_TRIED.has(row.state) && row.attempts === 0)),
      );
      const fresh = wanted.filter(({ id }) => !known.has(id));
      await deliverAgain(again, tx, { ...at, isBulk: true });
      const matches = fresh.map((event) => ({ webhook, event }));
      await insertDeliveries(matches, tx, { ctx, isBulk: true });
      return again.length + fresh.length;
    },
  };
}

async function readWebhook({
  ctx,
  organization,
  input,
}: BulkPlace): Promise<Subscriber | undefined> {
  const row: SubscribedRow | undefined = await ctx.store
    .read({ organization })
    .db<WebhookTables>()
    .selectFrom("webhooks_webhooks")
    .select(SUBSCRIBED_COLUMNS)
    .where("id", "=", input.webhook)
    .executeTakeFirst();
  return row === undefined ? undefined : toSubscriber(row);
}

async function eventsAfter({
  ctx,
  organization,
  input,
  cursor,
}: BulkPlace): Promise<readonly LogEvent[]> {
  const { types, subject, since, until } = input;
  return await ctx.log.page({
    organization,
    since,
    until,
    after: cursor === "" ? 0 : Number(cursor),
    order: "oldest",
    limit: STEP,
    ...(types === undefined ? {} : { types }),
    ...(subject === undefined ? {} : { subject }),
  });
}

function isWanted(event: LogEvent, input: BulkInput, webhook: Subscriber): boolean {
  if (event.type === NEVER_DELIVERED) return false;
  if (input.channel !== undefined && !event.channels.includes(input.channel)) return false;
  const { owner } = input;
  const isOwn = (channel: string): boolean => channel === owner || webhook.channels.has(channel);
  // Events are the organization's: by an owner's hand go only those that would have reached this webhook by their channel.
  if (owner !== undefined && !event.channels.some(isOwn)) return false;
  if (input.kind === "replay") return true;
  // What lies before the webhook's creation is asked for as well.
  return matchOne(event, [{ ...webhook, fromSeq: -1 }]).length > 0;
}

type Known = Renewed & { readonly state: DeliveryState; readonly attempts: number };

async function holdKnown(
  tx: Tx,
  { id, concurrency }: Subscriber,
  events: readonly LogEvent[],
): Promise<Map<string, Known>> {
  const ids = events.map((event) => event.id);
  const rows = await tx
    .forUpdate(
      tx
        .db<WebhookTables>()
        .selectFrom("webhooks_deliveries")
        .select([...RENEWED_COLUMNS, "state", "attempts"])
        .where("webhook", "=", id)
        .where("event", "in", ids)
        .orderBy("position"),
    )
    .execute();
  return new Map(rows.map((row) => [row.event, { ...row, concurrency }]));
}
