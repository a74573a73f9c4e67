import type { Origin, PluginContext, Tx } from "portico/kernel";
import { holdHealth, readHealth, setHealth } from "./health.ts";
import type { Pause, WebhookPlace } from "./health.ts";
import type { RateLimit } from "./steering.ts";
import type { WebhookTables } from "./tables.ts";

/** So long an attempt waits for its turn where it stands; whoever would wait longer is parked. */
const WAIT_IN_PLACE_MS = 2_000;
const MICROS = 1_000;

/** Milliseconds from one attempt to the next. */
export function intervalMs({ limit, periodMs }: RateLimit): number {
  return periodMs / limit;
}

/**
 * Takes the next turn at a webhook's rate, one after the other over all processes: how long to wait for it, or the pause
 * that begins because it is too far away.
 */
export async function takeTurn(
  ctx: PluginContext,
  { organization, id, rateLimit }: WebhookPlace & { readonly rateLimit: RateLimit },
  origin: Origin,
): Promise<{ readonly waitMs: number } | { readonly pause: Pause }> {
  return ctx.store.transaction({ scope: { organization }, origin }, async (tx) => {
    const intervalMicros = Math.ceil(intervalMs(rateLimit) * MICROS);
    const now = (await tx.now()) * MICROS;
    const nextAt = await reserve(tx, id, { now, intervalMicros });
    if (nextAt !== undefined) {
      return { waitMs: Math.max(0, nextAt - intervalMicros - now) / MICROS };
    }
    const row = await tx
      .db<WebhookTables>()
      .selectFrom("webhooks_pace")
      .select("nextAtMicros")
      .where("webhook", "=", id)
      .executeTakeFirst();
    const until = Math.ceil(Math.max(row?.nextAtMicros ?? now, now) / MICROS);
    return { pause: await beginPause(tx, id, { until, waitMs: until - now / MICROS }) };
  });
}

/**
 * One statement, so that two who come at once get one turn each. The end of the turn, or undefined: too far away. A turn
 * that lies further ahead than any could is of a slower rate that was changed since.
 */
async function reserve(
  tx: Tx,
  webhook: string,
  { now, intervalMicros }: { readonly now: number; readonly intervalMicros: number },
): Promise<number | undefined> {
  const latest = now + WAIT_IN_PLACE_MS * MICROS;
  const row = await tx
    .db<WebhookTables>()
    .insertInto("webhooks_pace")
    .values({ webhook, nextAtMicros: now + intervalMicros })
    .onConflict((conflict) =>
      conflict
        .columns(["organization", "webhook"])
        .doUpdateSet((expression) => ({
          nextAtMicros: expression
            .case()
            .when(expression.between("webhooks_pace.nextAtMicros", now, latest))
            .then(expression("webhooks_pace.nextAtMicros", "+", intervalMicros))
            .else(now + intervalMicros)
            .end(),
        }))
        .where((expression) =>
          expression.or([
            expression("webhooks_pace.nextAtMicros", "<=", latest),
            expression("webhooks_pace.nextAtMicros", ">", latest + intervalMicros),
          ]),
        ),
    )
    .returning("nextAtMicros")
    .executeTakeFirst();
  return row?.nextAtMicros;
}

/** Ends the wait for a turn of a rate that was changed: what waits is sent at the new one. */
export async function endPace(tx: Tx, webhook: string): Promise<void> {
  if ((await readHealth(tx, webhook))?.pause?.reason !== "pace") return;
  const from = await holdHealth(tx, webhook);
  if (from.pause?.reason !== "pace") return;
  await setHealth(tx, webhook, { from, to: { ...from, pause: undefined } });
}

async function beginPause(
  tx: Tx,
  webhook: string,
  { until, waitMs }: { readonly until: number; readonly waitMs: number },
): Promise<Pause> {
  const from = await holdHealth(tx, webhook);
  if (from.pause !== undefined) return from.pause;
  const pause: Pause = { until, reason: "pace" };
  await setHealth(tx, webhook, { from, to: { ...from, pause }, waitMs });
  return pause;
}

/** Notes that a turn was given out by who ends pauses. */
export async function spendTurn(tx: Tx, webhook: string, nextAt: number): Promise<void> {
  await tx
    .db<WebhookTables>()
    .insertInto("webhooks_pace")
    .values({ webhook, nextAtMicros: nextAt * MICROS })
    .onConflict((conflict) =>
      conflict.columns(["organization", "webhook"]).doUpdateSet({ nextAtMicros: nextAt * MICROS }),
    )
    .execute();
}
