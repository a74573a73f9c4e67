import type { Selectable } from "kysely";
import { toRfc3339 } from "portico/kernel";
import type { Origin, PluginContext, Read, Tx } from "portico/kernel";
import { settingsOf } from "./settings.ts";
import type { WebhookSettings } from "./settings.ts";
import { HEALTH_CHANGED, WEBHOOK_CHANGED } from "./tables.ts";
import type { HealthRow, WebhookTables } from "./tables.ts";

/** Why deliveries of a webhook wait. */
export type PauseReason = "failing" | "asked" | "pace";

/** A pause: named by its end, which every change of it changes. */
export interface Pause {
  readonly until: number;
  readonly reason: PauseReason;
}

/** How the receiver of a webhook does, where it does not simply do well. */
export interface Health {
  readonly failingSince: number | null;
  readonly lastFailureAt: number | null;
  readonly isTold: boolean;
  readonly probes: number;
  readonly pause: Pause | undefined;
}

/** Job that ends a pause or sends the next probe. */
const RELEASE = "release";

/** Sees to what is parked, now: back in the queue, held, or canceled, as the webhook is when the job runs. */
export function releaseParked(tx: Tx, webhook: string): void {
  tx.enqueue(RELEASE, { webhook, pause: null }, { key: webhook, priority: 2 });
}

/** Wakes every line of a webhook that has something to send: what blocked some may do so no longer. */
export function wakeAll(tx: Tx, webhook: string, linesAfter = ""): void {
  tx.enqueue(RELEASE, { webhook, pause: null, linesAfter }, { key: webhook, priority: 2 });
}

/** So exact is the time of the last failure while nothing else changes. */
const NOTED_EVERY_MS = 10 * 60_000;

/** As after a success. */
export const WELL: Health = {
  failingSince: null,
  lastFailureAt: null,
  isTold: false,
  probes: 0,
  pause: undefined,
};

/** Which webhook. */
export interface WebhookPlace {
  readonly organization: string;
  readonly id: string;
}

/** Undefined when nothing is known against it. */
export async function readHealth(
  read: Pick<Read, "db">,
  webhook: string,
): Promise<Health | undefined> {
  const row = await read
    .db<WebhookTables>()
    .selectFrom("webhooks_health")
    .selectAll()
    .where("webhook", "=", webhook)
    .executeTakeFirst();
  return row === undefined ? undefined : toHealth(row);
}

/** The same within a transaction, held until it ends. */
export async function holdHealth(tx: Tx, webhook: string): Promise<Health> {
  const db = tx.db<WebhookTables>();
  // Made where it is missing, so that there is something to hold; whoever holds it also writes it.
  await db
    .insertInto("webhooks_health")
    .values({ webhook, ...columnsOf(WELL) })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const row = await tx
    .forUpdate(db.selectFrom("webhooks_health").selectAll().where("webhook", "=", webhook))
    .executeTakeFirst();
  return row === undefined ? WELL : toHealth(row);
}

type HealthColumns = Omit<Selectable<HealthRow>, "organization" | "webhook" | "parkings">;

function columnsOf({ failingSince, lastFailureAt, isTold, probes, pause }: Health): HealthColumns {
  return {
    failingSince,
    lastFailureAt,
    isTold: isTold ? 1 : 0,
    probes,
    pausedUntil: pause?.until ?? null,
    pauseReason: pause?.reason ?? null,
  };
}

function toHealth(row: Selectable<HealthRow>): Health {
  const { failingSince, lastFailureAt, isTold, probes, pausedUntil, pauseReason } = row;
  return {
    failingSince,
    lastFailureAt,
    isTold: isTold === 1,
    probes,
    // Written by us, below.
    pause:
      pausedUntil === null
        ? undefined
        : { until: pausedUntil, reason: (pauseReason ?? "asked") as PauseReason },
  };
}

/** A change of health; `waitMs` is how long a pause that is new in it lasts, by whatever clock. */
export interface HealthChange {
  readonly from: Health;
  readonly to: Health;
  readonly waitMs?: number;
}

/** Writes what it is now, tells the processes, and sees to it that a new pause ends. */
export async function setHealth(tx: Tx, webhook: string, change: HealthChange): Promise<void> {
  const { from, to, waitMs: afterMs = 0 } = change;
  const { failingSince, pause } = to;
  const db = tx.db<WebhookTables>();
  if (failingSince === null && pause === undefined) {
    await db.deleteFrom("webhooks_health").where("webhook", "=", webhook).execute();
  } else {
    await db
      .insertInto("webhooks_health")
      .values({ webhook, ...columnsOf(to) })
      .onConflict((conflict) =>
        conflict.columns(["organization", "webhook"]).doUpdateSet(columnsOf(to)),
      )
      .execute();
  }
  tx.changed(HEALTH_CHANGED, webhook);
  if (pause?.until === from.pause?.until) return;
  if (pause === undefined) return releaseParked(tx, webhook);
  // Each pause has a job of its own that ends it: one that is about to end an older pause cannot stand in for it.
  const options = { key: webhook, priority: 2, afterMs };
  tx.enqueue(RELEASE, { webhook, pause: pause.until }, options);
}

/** A failed attempt, as far as health rests on it. */
export interface Failure {
  readonly error: string;
  /** Set when the receiver asked for a wait. */
  readonly retryAfterMs: number | undefined;
  /** Whether so many failed in a row that deliveries shall wait. */
  readonly pauses: boolean;
}

/** What a failure makes of a webhook's health; `disable` when it has failed for too long. */
export function afterFailure(
  health: Health,
  failure: Failure,
  { now, settings }: { readonly now: number; readonly settings: WebhookSettings },
): Health | "disable" {
  const failingSince = health.failingSince ?? now;
  if (isOver(health, { now, settings })) return "disable";
  const pause = pauseAfter(health, failure, { now, settings });
  const isTold = health.isTold || pause?.reason === "failing";
  return { failingSince, lastFailureAt: now, isTold, probes: health.probes, pause };
}

/** Whether a failure made of it something that has to be written: the time of the last one only now and then. */
export function isNews(from: Health, to: Health | "disable"): boolean {
  return (
    to === "disable" ||
    from.failingSince !== to.failingSince ||
    from.isTold !== to.isTold ||
    from.pause?.until !== to.pause?.until ||
    (to.lastFailureAt ?? 0) - (from.lastFailureAt ?? 0) > NOTED_EVERY_MS
  );
}

/** Days of failure, and not just two misses days apart. */
function isOver(
  { failingSince, lastFailureAt }: Health,
  { now, settings }: { readonly now: number; readonly settings: WebhookSettings },
): boolean {
  const { disableAfterMs, disableSpreadMs } = settings;
  if (disableAfterMs === 0 || failingSince === null) return false;
  const isSpread = (lastFailureAt ?? failingSince) - failingSince >= disableSpreadMs;
  return isSpread && now - failingSince >= disableAfterMs;
}

function pauseAfter(
  { pause, probes }: Health,
  { retryAfterMs, pauses }: Failure,
  { now, settings }: { readonly now: number; readonly settings: WebhookSettings },
): Pause | undefined {
  const reason = pause?.reason === "failing" || pauses ? "failing" : "asked";
  const asked = retryAfterMs === undefined ? 0 : now + retryAfterMs;
  const failing = pauses && pause?.reason !== "failing" ? now + probeWaitMs(probes, settings) : 0;
  const until = Math.max(asked, failing, pause?.until ?? 0);
  if (until === 0 || until === pause?.until) return pause;
  return { until, reason };
}

/** The wait before the next probe, when so many were in vain. */
export function probeWaitMs(
  probes: number,
  { probeWaitMs: first, probeWaitMaxMs: longest }: WebhookSettings,
): number {
  return Math.min(first * 2 ** Math.min(probes, 40), Math.max(first, longest));
}

/** Notes a failure in a transaction of its own, before the attempt is recorded: it is written where something changes. */
export async function noteFailure(
  ctx: PluginContext,
  { organization, id }: WebhookPlace,
  { failure, origin }: { readonly failure: Failure; readonly origin: Origin },
): Promise<void> {
  const settings = settingsOf(ctx);
  await ctx.store.transaction({ scope: { organization }, origin }, async (tx) => {
    if (!(await isActive(tx, id))) return;
    const from = await holdHealth(tx, id);
    const now = ctx.clock.now();
    const to = afterFailure(from, failure, { now, settings });
    if (to === "disable") return disableFailing(tx, id, { from, now });
    if (!isNews(from, to)) return;
    await setHealth(tx, id, { from, to, waitMs: Math.max(0, (to.pause?.until ?? now) - now) });
    if (from.isTold || !to.isTold) return;
    const failingSince = toRfc3339(to.failingSince ?? now);
    tx.emit("webhook.failing", { id, failingSince, error: failure.error }, { subject: id });
  });
}

async function isActive(tx: Tx, id: string): Promise<boolean> {
  const row = await tx
    .db<WebhookTables>()
    .selectFrom("webhooks_webhooks")
    .select("isActive")
    .where("id", "=", id)
    .executeTakeFirst();
  return row?.isActive === 1;
}

async function disableFailing(
  tx: Tx,
  id: string,
  { from, now }: { readonly from: Health; readonly now: number },
): Promise<void> {
  await setHealth(tx, id, { from, to: WELL });
  await disable(tx, id, { reason: "failing", now });
}

/** Disables a webhook, once however many attempts ask for it. What waits becomes held. */
export async function disable(
  tx: Tx,
  id: string,
  { reason, now }: { readonly reason: "gone" | "failing"; readonly now: number },
): Promise<void> {
  const { numUpdatedRows } = await tx
    .db<WebhookTables>()
    .updateTable("webhooks_webhooks")
    .set((row) => ({
      isActive: 0,
      disabledReason: reason,
      revision: row("revision", "+", 1),
      updatedAt: now,
    }))
    .where("id", "=", id)
    .where("isActive", "=", 1)
    .executeTakeFirst();
  if (Number(numUpdatedRows) === 0) return;
  tx.emit("webhook.disabled", { id, reason }, { subject: id });
  tx.audit({ action: "webhooks.disable", target: id, after: { reason } });
  tx.changed(WEBHOOK_CHANGED, id);
  releaseParked(tx, id);
}

/** Notes a success after failures: the pause ends, and what waits is released. A wait the receiver asked for goes on. */
export async function noteRecovery(
  ctx: PluginContext,
  { organization, id }: WebhookPlace,
  origin: Origin,
): Promise<void> {
  await ctx.store.transaction({ scope: { organization }, origin }, async (tx) => {
    // Of those who come at once the first has written it.
    const seen = await readHealth(tx, id);
    if (seen === undefined || seen.failingSince === null) return;
    const from = await holdHealth(tx, id);
    if (from.failingSince === null) return;
    const pause = from.pause?.reason === "failing" ? undefined : from.pause;
    await setHealth(tx, id, { from, to: { ...WELL, pause } });
    if (!from.isTold) return;
    const failingSince = toRfc3339(from.failingSince);
    tx.emit("webhook.recovered", { id, failingSince }, { subject: id });
  });
}
