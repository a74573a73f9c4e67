import { Type } from "typebox";
import type { Static } from "typebox";
import type { PluginContext } from "portico/kernel";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Waits after the first, second, … failed try: the example schedule of Standard Webhooks, 75 h 35 m in all. */
export const DEFAULT_WAITS_MS: readonly number[] = [
  5_000,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

/** What an operator can set: `webhooks: { timeoutMs: 10_000 }`. */
export const WebhookSettings = Type.Object({
  webhooksMax: Type.Integer({
    reload: true,
    minimum: 1,
    maximum: 1_000_000,
    default: 10_000,
    description: "Webhooks an organization may have.",
  }),
  ownerWebhooksMax: Type.Integer({
    reload: true,
    minimum: 0,
    maximum: 1_000_000,
    default: 100,
    description: "Webhooks of one owner beyond which portal links create no more.",
  }),
  portalUrl: Type.String({
    reload: true,
    default: "",
    maxLength: 1_024,
    description:
      "Page on which customers see their webhooks; portal links lead to it, with their token behind `#`.",
  }),
  bulkPerSecond: Type.Integer({
    reload: true,
    minimum: 1,
    maximum: 100_000,
    default: 500,
    description: "Deliveries a second that recovery and replay put in line for each of their jobs.",
  }),
  retryWaitsMs: Type.Array(Type.Integer({ minimum: 0, maximum: 7 * 24 * HOUR_MS }), {
    default: [...DEFAULT_WAITS_MS],
    maxItems: 50,
    description: "Milliseconds to wait after each failed try; one more try than there are waits.",
  }),
  retryJitter: Type.Number({
    minimum: 0,
    maximum: 0.5,
    default: 0.2,
    description: "Share by which each wait is made longer or shorter by chance.",
  }),
  timeoutMs: Type.Integer({
    reload: true,
    minimum: 100,
    maximum: 25_000,
    default: 20_000,
    description: "Milliseconds for one attempt, from the look-up of the name to the last byte.",
  }),
  pauseAfterFailures: Type.Integer({
    minimum: 0,
    maximum: 1_000,
    default: 10,
    description:
      "Failed attempts in a row after which a webhook is paused: one probe at a time is sent, the rest waits. 0: never.",
  }),
  probeWaitMs: Type.Integer({
    minimum: 10,
    maximum: HOUR_MS,
    default: 5_000,
    description: "Milliseconds from the pause to the first probe; doubles with each probe in vain.",
  }),
  probeWaitMaxMs: Type.Integer({
    minimum: 10,
    maximum: 24 * HOUR_MS,
    default: 10 * MINUTE_MS,
    description: "Longest wait between two probes, in milliseconds.",
  }),
  disableAfterMs: Type.Integer({
    minimum: 0,
    maximum: 90 * 24 * HOUR_MS,
    default: 5 * 24 * HOUR_MS,
    description:
      "Milliseconds without a success after which a failing webhook is disabled. 0: never.",
  }),
  disableSpreadMs: Type.Integer({
    minimum: 0,
    maximum: 90 * 24 * HOUR_MS,
    default: 12 * HOUR_MS,
    description:
      "Milliseconds that must lie between failures before the one that disables: two misses days apart are not an outage.",
  }),
});

/** The settings as the kernel has accepted them. */
export type WebhookSettings = Static<typeof WebhookSettings>;

/** Reads this plugin's settings from its context. */
export function settingsOf(ctx: PluginContext): WebhookSettings {
  // The kernel has checked them against the schema above before the plugin started.
  return ctx.settings as WebhookSettings;
}
