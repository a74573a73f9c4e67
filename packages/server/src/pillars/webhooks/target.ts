import type { PluginContext } from "portico/kernel";
import type { WebhookTables } from "./tables.ts";

const KEPT_MAX = 10_000;
/** The kind under which changed webhooks are told to every process. */
export const WEBHOOK_CHANGED = "webhooks.webhook";

/** What an attempt needs of its webhook. */
export interface Target {
  readonly url: string;
  readonly secrets: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly isActive: boolean;
}

/** Webhooks with their secrets opened, kept in memory until a change is told. */
export interface Targets {
  /** Undefined when the webhook was deleted. */
  get(organization: string, id: string): Promise<Target | undefined>;
  readonly stop: () => void;
}

/** Where in the tables a webhook's secret is sealed; opening it elsewhere fails. */
export function secretPlace(organization: string, id: string): readonly string[] {
  return [organization, "webhooks_webhooks", "secret", id];
}

/** Where in the tables a webhook's headers are sealed. */
export function headersPlace(organization: string, id: string): readonly string[] {
  return [organization, "webhooks_webhooks", "headers", id];
}

/** Opens the cache of one server. */
export function keepTargets(ctx: PluginContext): Targets {
  const kept = new Map<string, { readonly organization: string; readonly target: Target }>();
  let changes = 0;
  const stop = ctx.changes.watch(WEBHOOK_CHANGED, (id) => {
    changes += 1;
    if (id === "*") kept.clear();
    else kept.delete(id);
  });
  return {
    stop,
    async get(organization, id) {
      const known = ctx.changes.stale() ? undefined : kept.get(id);
      if (known?.organization === organization) return known.target;
      const before = changes;
      const target = await readTarget(ctx, organization, id);
      // A change that was told while we read may be newer than what we read.
      if (target !== undefined && changes === before) {
        if (kept.size >= KEPT_MAX) kept.clear();
        kept.set(id, { organization, target });
      }
      return target;
    },
  };
}

async function readTarget(
  ctx: PluginContext,
  organization: string,
  id: string,
): Promise<Target | undefined> {
  const row = await ctx.store
    .read({ organization })
    .db<WebhookTables>()
    .selectFrom("webhooks_webhooks")
    .select(["url", "secret", "headers", "isActive"])
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    url: row.url,
    isActive: row.isActive === 1,
    secrets: [ctx.secrets.open(row.secret, secretPlace(organization, id))],
    // Written by us, from headers the schema of the operation had accepted.
    headers: JSON.parse(ctx.secrets.open(row.headers, headersPlace(organization, id))) as Record<
      string,
      string
    >,
  };
}
