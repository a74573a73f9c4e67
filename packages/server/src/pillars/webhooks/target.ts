import type { PluginContext } from "portico/kernel";
import type { Format } from "./envelope.ts";
import { readHealth } from "./health.ts";
import type { Health } from "./health.ts";
import { authPlace, readRateLimit, readRetryPolicy } from "./steering.ts";
import type { Exhaustion, RateLimit, RetryPolicy } from "./steering.ts";
import { HEALTH_CHANGED, WEBHOOK_CHANGED } from "./tables.ts";
import type { LiveSecret, WebhookTables } from "./tables.ts";

export { WEBHOOK_CHANGED } from "./tables.ts";

const KEPT_MAX = 10_000;

/** What an attempt needs of its webhook. */
export interface Target {
  readonly organization: string;
  readonly id: string;
  readonly url: string;
  /** Newest first. */
  readonly secrets: readonly LiveSecret[];
  readonly headers: Readonly<Record<string, string>>;
  readonly isActive: boolean;
  readonly format: Format;
  readonly isAsymmetric: boolean;
  readonly retryPolicy: RetryPolicy | null;
  readonly rateLimit: RateLimit | null;
  readonly concurrency: number;
  /** Null: deliveries overtake each other. */
  readonly ordering: Exhaustion | null;
  /** Undefined: its receiver does well. */
  readonly health: Health | undefined;
}

/** Webhooks with their secrets opened, kept in memory until a change is told. */
export interface Targets {
  /** Undefined when the webhook was deleted. */
  get(organization: string, id: string): Promise<Target | undefined>;
  /** Forgets one that this process has just changed, without waiting to be told. */
  drop(id: string): void;
  readonly stop: () => void;
}

/** Where in the tables a webhook's secret is sealed; opening it elsewhere fails. */
export function secretPlace(organization: string, id: string): readonly string[] {
  return [organization, "webhooks_webhooks", "secret", id];
}

/** Where in the tables a webhook's list of live secrets is sealed. */
export function secretsPlace(organization: string, id: string): readonly string[] {
  return [organization, "webhooks_webhooks", "secrets", id];
}

/** Where in the tables a webhook's headers are sealed. */
export function headersPlace(organization: string, id: string): readonly string[] {
  return [organization, "webhooks_webhooks", "headers", id];
}

/** Opens the cache of one server. */
export function keepTargets(ctx: PluginContext): Targets {
  const kept = new Map<string, Target>();
  let changes = 0;
  const drop = (id: string): void => {
    changes += 1;
    if (id === "*") kept.clear();
    else kept.delete(id);
  };
  const stops = [WEBHOOK_CHANGED, HEALTH_CHANGED].map((kind) => ctx.changes.watch(kind, drop));
  return {
    stop: () => {
      for (const stop of stops) stop();
    },
    drop,
    async get(organization, id) {
      const known = ctx.changes.stale() ? undefined : kept.get(id);
      if (known?.organization === organization) return known;
      const before = changes;
      const target = await readTarget(ctx, organization, id);
      // A change that was told while we read may be newer than what we read.
      if (target !== undefined && changes === before) {
        if (kept.size >= KEPT_MAX) kept.clear();
        kept.set(id, target);
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
  const read = ctx.store.read({ organization });
  const [row, health] = await Promise.all([
    read
      .db<WebhookTables>()
      .selectFrom("webhooks_webhooks")
      .selectAll()
      .where("id", "=", id)
      .executeTakeFirst(),
    readHealth(read, id),
  ]);
  if (row === undefined) return undefined;
  const { secrets } = ctx;
  const opened: Record<string, string> = {
    // Written by us, from headers the schema of the operation had accepted.
    ...(JSON.parse(secrets.open(row.headers, headersPlace(organization, id))) as object),
    ...(row.auth === null
      ? {}
      : { authorization: secrets.open(row.auth, authPlace(organization, id)) }),
  };
  return {
    organization,
    id,
    url: row.url,
    isActive: row.isActive === 1,
    secrets:
      row.secrets === null
        ? [{ secret: secrets.open(row.secret, secretPlace(organization, id)), expiresAt: null }]
        : (JSON.parse(secrets.open(row.secrets, secretsPlace(organization, id))) as LiveSecret[]),
    headers: opened,
    // The columns hold what the schema of the operation had accepted.
    format: row.format as Format,
    isAsymmetric: row.isAsymmetric === 1,
    retryPolicy: readRetryPolicy(row.retryPolicy),
    rateLimit: readRateLimit(row.rateLimit),
    concurrency: row.concurrency,
    ordering: row.ordering as Exhaustion | null,
    health,
  };
}

/** The secrets that an attempt at this time is signed with; never none. */
export function liveSecrets({ secrets }: Pick<Target, "secrets">, nowMs: number): string[] {
  const live = secrets.filter(({ expiresAt }) => expiresAt === null || expiresAt > nowMs);
  return (live.length === 0 ? secrets.slice(0, 1) : live).map(({ secret }) => secret);
}
