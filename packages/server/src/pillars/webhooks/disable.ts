import type { Origin, PluginContext } from "portico/kernel";
import { disable } from "./health.ts";
import type { WebhookPlace } from "./health.ts";

/**
 * Disables a webhook whose receiver answered 410 Gone; once, however many attempts hear it. A transaction of its own,
 * before the attempt is recorded: after a crash in between, the delivery finds its webhook disabled and is held.
 */
export async function disableGone(
  ctx: PluginContext,
  { organization, id }: WebhookPlace,
  origin: Origin,
): Promise<void> {
  await ctx.store.transaction({ scope: { organization }, origin }, (tx) =>
    disable(tx, id, { reason: "gone", now: ctx.clock.now() }),
  );
}
