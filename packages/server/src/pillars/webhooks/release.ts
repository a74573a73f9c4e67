import type { Selectable } from "kysely";
import { Type } from "typebox";
import type { Static } from "typebox";
import { job } from "portico/kernel";
import type { JobRun, Origin, PluginContext, Tx } from "portico/kernel";
import {
  holdHealth,
  probeWaitMs,
  readHealth,
  releaseParked,
  setHealth,
  wakeAll,
} from "./health.ts";
import type { Health, Pause } from "./health.ts";
import { intervalMs, spendTurn } from "./pace.ts";
import { enqueueDelivery, wakeLines } from "./queue.ts";
import { jittered } from "./retry.ts";
import { settingsOf } from "./settings.ts";
import { readRateLimit } from "./steering.ts";
import { HEALTH_CHANGED } from "./tables.ts";
import type { DeliveryRow, WebhookRow, WebhookTables } from "./tables.ts";

/** Parked deliveries of one step: so many may have to be parked again when the receiver fails at once. */
const BATCH = 500;

const Input = Type.Object({
  webhook: Type.String(),
  /** End of the pause that this job belongs to; null: releases what is parked for no pause. */
  pause: Type.Union([Type.Integer(), Type.Null()]),
  /** Set where the lines of an ordered webhook are woken: those after this key. */
  linesAfter: Type.Optional(Type.String()),
});

type Webhook = Pick<Selectable<WebhookRow>, "id" | "isActive" | "concurrency" | "rateLimit">;

/**
 * Ends pauses. At the end of one it sends a probe (a receiver that fails), lets one go at its turn (a rate limit), or
 * opens up (a receiver that asked for a wait); when there is no pause it puts what is parked back in the queue, step by
 * step. What is parked for a webhook that was disabled meanwhile becomes held, for one that was deleted, canceled.
 */
export const release = job({
  input: Input,
  attempts: 1_000_000,
  backoffMs: (attempt) => Math.min(200 * 2 ** Math.min(attempt, 12), 600_000),
  concurrency: 1,
  reports: "nothing",
  cancellable: false,
  run: ({ ctx, organization, input, origin }: JobRun<Static<typeof Input>>) =>
    ctx.store.transaction({ scope: { organization }, origin }, (tx) =>
      step(tx, input, { ctx, origin }),
    ),
});

interface Surroundings {
  readonly ctx: PluginContext;
  readonly origin: Origin;
}

async function step(
  tx: Tx,
  { webhook: id, pause, linesAfter }: Static<typeof Input>,
  surroundings: Surroundings,
): Promise<void> {
  const webhook = await tx
    .db<WebhookTables>()
    .selectFrom("webhooks_webhooks")
    .select(["id", "isActive", "concurrency", "rateLimit"])
    .where("id", "=", id)
    .executeTakeFirst();
  if (webhook?.isActive !== 1) {
    const state = webhook === undefined ? "canceled" : "held";
    return endParked(tx, { webhook: id, state, now: surroundings.ctx.clock.now() });
  }
  if (linesAfter !== undefined) return wakeSome(tx, webhook, { linesAfter, ...surroundings });
  if ((await readHealth(tx, id))?.pause !== undefined) {
    const health = await holdHealth(tx, id);
    // Of another pause: the one that is has a job of its own.
    if (health.pause === undefined || health.pause.until !== pause) return;
    return endPause(tx, { webhook, health, pause: health.pause }, surroundings);
  }
  if ((await releaseSome(tx, webhook, { many: BATCH, ...surroundings })) < BATCH) return;
  releaseParked(tx, id);
}

interface Ending {
  readonly webhook: Webhook;
  readonly health: Health;
  readonly pause: Pause;
}

async function endPause(tx: Tx, ending: Ending, surroundings: Surroundings): Promise<void> {
  const { webhook, health, pause } = ending;
  const open = { from: health, to: { ...health, pause: undefined } };
  const isUnpaced = pause.reason === "pace" && webhook.rateLimit === null;
  if (pause.reason === "asked" || isUnpaced) return setHealth(tx, webhook.id, open);
  const sent = await releaseSome(tx, webhook, { many: 1, isProbe: true, ...surroundings });
  // Nothing waits. The next delivery is the probe: a receiver that is known to fail is paused again at once.
  if (sent === 0) return setHealth(tx, webhook.id, open);
  const { ctx } = surroundings;
  const waitMs = nextWait(ending, ctx);
  // Another than that of the pause that ends, whatever the clock: its end is its name.
  const until = Math.max(ctx.clock.now() + waitMs, pause.until + 1);
  if (pause.reason === "pace") await spendTurn(tx, webhook.id, (await tx.now()) + waitMs);
  const probes = pause.reason === "failing" ? health.probes + 1 : health.probes;
  const to = { ...health, probes, pause: { ...pause, until } };
  await setHealth(tx, webhook.id, { from: health, to, waitMs });
}

function nextWait({ webhook, health, pause }: Ending, ctx: PluginContext): number {
  const rate = readRateLimit(webhook.rateLimit);
  if (pause.reason === "pace" && rate !== null) return Math.ceil(intervalMs(rate));
  const settings = settingsOf(ctx);
  return jittered(probeWaitMs(health.probes + 1, settings), settings.retryJitter, ctx.fillRandom);
}

type Parked = Pick<
  Selectable<DeliveryRow>,
  "id" | "event" | "position" | "round" | "state" | "orderKey" | "attempts"
>;

async function readParked(
  tx: Tx,
  webhook: string,
  { many, isProbe }: { readonly many: number; readonly isProbe?: boolean },
): Promise<readonly Parked[]> {
  const parked = tx
    .db<WebhookTables>()
    .selectFrom("webhooks_deliveries")
    .select(["id", "event", "position", "round", "state", "orderKey", "attempts"])
    .where("webhook", "=", webhook)
    .where("parkedAt", "is not", null)
    .orderBy("position")
    .limit(many);
  return isProbe === true ? parked.where("state", "=", "pending").execute() : parked.execute();
}

/** Puts parked deliveries back in the queue, the oldest first; how many there were. */
async function releaseSome(
  tx: Tx,
  { id: webhook, concurrency }: Webhook,
  options: Surroundings & { readonly many: number; readonly isProbe?: boolean },
): Promise<number> {
  const { ctx, origin, isProbe = false } = options;
  const rows = await readParked(tx, webhook, options);
  if (rows.length === 0) return 0;
  await tx
    .db<WebhookTables>()
    .updateTable("webhooks_deliveries")
    .set({ parkedAt: null, updatedAt: ctx.clock.now() })
    .where("webhook", "=", webhook)
    .where(
      "position",
      "in",
      rows.map(({ position }) => position),
    )
    .execute();
  const waiting = rows.filter(({ state }) => state === "pending");
  const lines = waiting.flatMap(({ id, orderKey }) =>
    orderKey === null
      ? []
      : [{ webhook, line: orderKey, concurrency, pass: isProbe, origin: { ...origin, cause: id } }],
  );
  await wakeLines(tx, lines);
  for (const { id, event, round, position, orderKey, attempts } of waiting) {
    if (orderKey !== null) continue;
    enqueueDelivery(
      tx,
      {
        delivery: id,
        webhook,
        event,
        round,
        position,
        again: true,
        ...(isProbe ? { pass: true } : {}),
      },
      { concurrency, isRetry: attempts > 0 && !isProbe, origin: { ...origin, cause: id } },
    );
  }
  return rows.length;
}

/** Wakes lines in the order of their keys, so many at a time. */
async function wakeSome(
  tx: Tx,
  { id: webhook, concurrency }: Webhook,
  { linesAfter, origin }: Surroundings & { readonly linesAfter: string },
): Promise<void> {
  const rows = await tx
    .db<WebhookTables>()
    .selectFrom("webhooks_deliveries")
    .select("orderKey")
    .distinct()
    .where("webhook", "=", webhook)
    .where("orderKey", ">", linesAfter)
    .where("state", "=", "pending")
    .orderBy("orderKey")
    .limit(BATCH)
    .execute();
  const keys = rows.flatMap(({ orderKey }) => orderKey ?? []);
  await wakeLines(
    tx,
    keys.map((line) => ({ webhook, line, concurrency, origin })),
  );
  if (keys.length === BATCH) wakeAll(tx, webhook, keys.at(-1));
}

/** What waits without a job for a webhook that sends no more. */
async function endParked(
  tx: Tx,
  {
    webhook,
    state,
    now,
  }: { readonly webhook: string; readonly state: "held" | "canceled"; readonly now: number },
): Promise<void> {
  const parked = await readParked(tx, webhook, { many: BATCH });
  const inLines = await readLined(tx, webhook);
  const positions = [...new Set([...parked, ...inLines].map(({ position }) => position))];
  const db = tx.db<WebhookTables>();
  if (positions.length > 0) {
    await db
      .updateTable("webhooks_deliveries")
      .set({ parkedAt: null })
      .where("webhook", "=", webhook)
      .where("position", "in", positions)
      .execute();
    await db
      .updateTable("webhooks_deliveries")
      .set({ state, nextAt: null, updatedAt: now })
      .where("webhook", "=", webhook)
      .where("position", "in", positions)
      .where("state", "=", "pending")
      .execute();
  }
  if (parked.length === BATCH || inLines.length === BATCH) {
    releaseParked(tx, webhook);
    return;
  }
  await db.deleteFrom("webhooks_health").where("webhook", "=", webhook).execute();
  await db.deleteFrom("webhooks_pace").where("webhook", "=", webhook).execute();
  // Whoever read it a moment ago would wait for a pause that nobody ends.
  tx.changed(HEALTH_CHANGED, webhook);
}

/**
 * Of a line only the first is parked, and behind one that is exhausted nothing is: what stands behind them has no job
 * that would find the webhook disabled. A line that has one comes to the same end by it.
 */
async function readLined(
  tx: Tx,
  webhook: string,
): Promise<readonly { readonly position: number }[]> {
  return await tx
    .db<WebhookTables>()
    .selectFrom("webhooks_deliveries")
    .select("position")
    .where("webhook", "=", webhook)
    .where("orderKey", "is not", null)
    .where("state", "=", "pending")
    .limit(BATCH)
    .execute();
}
