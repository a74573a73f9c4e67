/**
 * Webhooks: events of an organization, signed and posted to the endpoints it subscribes.
 *
 * Nouns: webhook (an endpoint and the types it asks for), delivery (one event for one webhook, with a position that
 * counts 1, 2, 3, … within it), attempt (one HTTP request), round (the first deliver, or one asked for by hand).
 * One event: the log → `fanOut` matches it and writes a delivery and a job in one transaction with the cursor → the job
 * waits for its turn (`pace.ts`), posts the event in the webhook's form, signed anew for each attempt (`sign.ts`) →
 * attempt, state and end of the run are one append → 2xx ends it, anything else climbs the ladder (`retry.ts`), 410
 * disables the webhook. Deliveries of one key of an ordered webhook are a line that one job works on (`line.ts`).
 * A receiver that fails is paused (`health.ts`): its deliveries are parked, rows without a job, and `release.ts` sends
 * probes and puts them back. A healthy receiver costs neither read nor write for all this.
 * Nothing vanishes: what a disabled webhook would have been sent is held, and what failed for the last time is exhausted;
 * both can be delivered again. Emits webhook.created, .updated, .disabled, .deleted, .failing, .recovered and
 * delivery.exhausted, the last of which is never delivered itself. It needs no other pillar.
 */
export { webhooks } from "./plugin.ts";
