import type { LogEvent, PluginContext, Read, ServerFacts } from "portico/kernel";
import { compileFilter, subjectOf } from "./filter.ts";
import type { Filter, Subject } from "./filter.ts";
import type { Match } from "./insert.ts";
import { matcher, tellsOfItself } from "./match.ts";
import type { WebhookRow, WebhookTables } from "./tables.ts";
import { WEBHOOK_CHANGED } from "./target.ts";

/** Compiled subscriptions kept over all organizations; each is a few hundred bytes. */
const KEPT_MAX = 20_000;

/** One webhook as events meet it. */
export interface Subscriber {
  readonly id: string;
  readonly isActive: boolean;
  /** What lies behind it in the log is not for this webhook. */
  readonly fromSeq: number;
  readonly concurrency: number;
  readonly isOrdered: boolean;
  /** Empty: it does not ask for any. */
  readonly channels: ReadonlySet<string>;
  wantsType(type: string): boolean;
  /** Asked of events whose type it wants. */
  wantsContent(channels: readonly string[], subject: Subject): boolean;
}

/** The columns of {@link SubscribedRow}. */
export const SUBSCRIBED_COLUMNS = [
  "id",
  "events",
  "channels",
  "filter",
  "isActive",
  "fromSeq",
  "concurrency",
  "ordering",
] as const;

/** A webhook's row as far as its subscription rests on it. */
export type SubscribedRow = Pick<WebhookRow, "id" | "events" | "isActive"> & {
  readonly fromSeq: number | null;
  readonly channels: string;
  readonly filter: string | null;
  readonly concurrency: number;
  readonly ordering: string | null;
};

/** Compiles what a webhook asks for. */
export function toSubscriber(row: SubscribedRow): Subscriber {
  // Written by us, from what the operations had accepted.
  const channels = new Set(JSON.parse(row.channels) as string[]);
  const judge = row.filter === null ? undefined : compileFilter(JSON.parse(row.filter) as Filter);
  return {
    id: row.id,
    isActive: row.isActive === 1,
    fromSeq: row.fromSeq ?? 0,
    concurrency: row.concurrency,
    isOrdered: row.ordering !== null,
    channels,
    wantsType: matcher(JSON.parse(row.events) as string[]),
    wantsContent: (carried, subject) =>
      (channels.size === 0 || carried.some((channel) => channels.has(channel))) &&
      (judge === undefined || judge(subject)),
  };
}

/** The webhooks among these that want the event; its data is parsed only if one of them looks at it. */
export function matchOne(event: LogEvent, subscribers: readonly Subscriber[]): Match[] {
  if (subscribers.length === 0) return [];
  const subject = subjectOf(event);
  return subscribers
    .filter(
      (webhook) =>
        event.seq > webhook.fromSeq &&
        webhook.wantsType(event.type) &&
        !tellsOfItself(event, webhook.id) &&
        webhook.wantsContent(event.channels, subject),
    )
    .map((webhook) => ({ webhook, event }));
}

/** Reads the webhooks of an organization that the log has met, by id; all, or one piece of them. */
export async function readSubscribers(
  read: Pick<Read, "db">,
  piece?: { readonly after: string; readonly limit: number },
): Promise<Subscriber[]> {
  let select = read
    .db<WebhookTables>()
    .selectFrom("webhooks_webhooks")
    .select(SUBSCRIBED_COLUMNS)
    .where("fromSeq", "is not", null)
    .orderBy("id");
  if (piece !== undefined) select = select.where("id", ">", piece.after).limit(piece.limit);
  return (await select.execute()).map(toSubscriber);
}

const CHANGES: ReadonlySet<string> = new Set([
  "webhook.created",
  "webhook.updated",
  "webhook.disabled",
  "webhook.deleted",
]);

/** True for events that make, change or end a subscription. */
export function changesSubscribers({ type }: Pick<LogEvent, "type">): boolean {
  return CHANGES.has(type);
}

/** Subscriptions of organizations, compiled and kept by the process that hands events on. */
export interface Subscribers {
  /** From memory, or by one read of committed rows. */
  of(organization: string, read: Pick<Read, "db">): Promise<readonly Subscriber[]>;
  forget(organization: string): void;
  readonly stop: () => void;
}

const keepers = new WeakMap<ServerFacts, Subscribers>();

/** The subscriptions that this server keeps. */
export function subscribersOf(ctx: PluginContext): Subscribers {
  const known = keepers.get(ctx.server);
  if (known !== undefined) return known;
  const made = keepSubscribers(ctx);
  keepers.set(ctx.server, made);
  return made;
}

/**
 * Every change of a webhook is an event of the log that is being read: who hands events on forgets an organization when
 * it meets one. The change feed is for a process that was not the one who read the log meanwhile.
 */
function keepSubscribers(ctx: PluginContext): Subscribers {
  const kept = new Map<string, readonly Subscriber[]>();
  const organizations = new Map<string, string>();
  let changes = 0;
  const clear = (): void => {
    kept.clear();
    organizations.clear();
  };
  const forget = (organization: string): void => {
    changes += 1;
    for (const { id } of kept.get(organization) ?? []) organizations.delete(id);
    kept.delete(organization);
  };
  const stop = ctx.changes.watch(WEBHOOK_CHANGED, (id) => {
    const organization = organizations.get(id);
    if (organization !== undefined) return forget(organization);
    // New, or of an organization that is not kept: the id does not say.
    changes += 1;
    clear();
  });
  return {
    stop,
    forget,
    of: async (organization, read) => {
      const known = ctx.changes.stale() ? undefined : kept.get(organization);
      if (known !== undefined) return known;
      const before = changes;
      const found = await readSubscribers(read);
      if (changes !== before) return found;
      if (organizations.size + found.length > KEPT_MAX) clear();
      kept.set(organization, found);
      for (const { id } of found) organizations.set(id, organization);
      return found;
    },
  };
}
