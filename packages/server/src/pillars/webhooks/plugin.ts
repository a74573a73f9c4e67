import {
  add,
  CliVerbs,
  definePlugin,
  provide,
  Retention,
  Statistics,
  Timeline,
} from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { fanOutRest } from "./backlog.ts";
import { bulk } from "./bulk.ts";
import { DeliveryCheck } from "./capability.ts";
import { listenVerb } from "./cli/listen.ts";
import { checkDelivery } from "./check-delivery.ts";
import { deliveryJobs } from "./deliver.ts";
import { webhookErrors } from "./errors.ts";
import { webhookEvents } from "./events.ts";
import { concernsWebhooks, fanOut } from "./fanout.ts";
import { createWebhooks } from "./migrations/0001-webhooks.ts";
import { steerDelivery } from "./migrations/0002-delivery.ts";
import { extendSubscription } from "./migrations/0003-subscription.ts";
import { createPortalLink } from "./operations/create-portal-link.ts";
import { deliverMissing } from "./operations/deliver-missing.ts";
import { recoverWebhook } from "./operations/recover-webhook.ts";
import { replayWebhook } from "./operations/replay-webhook.ts";
import { retryDeliveries } from "./operations/retry-deliveries.ts";
import { revokePortalLinks } from "./operations/revoke-portal-links.ts";
import { rotateSecret } from "./operations/rotate-secret.ts";
import { testFilter } from "./operations/test-filter.ts";
import { testWebhook } from "./operations/test-webhook.ts";
import { createWebhook } from "./operations/create-webhook.ts";
import { deleteWebhook } from "./operations/delete-webhook.ts";
import { disableWebhook } from "./operations/disable-webhook.ts";
import { enableWebhook } from "./operations/enable-webhook.ts";
import { getDelivery } from "./operations/get-delivery.ts";
import { getWebhook } from "./operations/get-webhook.ts";
import { listDeliveries } from "./operations/list-deliveries.ts";
import { listWebhookEvents } from "./operations/list-webhook-events.ts";
import { listSigningKeys } from "./operations/list-signing-keys.ts";
import { listWebhooks } from "./operations/list-webhooks.ts";
import { retryDelivery } from "./operations/retry-delivery.ts";
import { updateWebhook } from "./operations/update-webhook.ts";
import { undeliveredEvents } from "./retention.ts";
import { webhookPermissions } from "./permissions.ts";
import { release } from "./release.ts";
import { WebhookSettings } from "./settings.ts";
import { deliveriesFailed, deliveriesMade } from "./statistics.ts";
import { openState } from "./state.ts";
import { webhookTables } from "./tables.ts";
import { subscribersOf } from "./subscribers.ts";
import { deliveriesOfThread } from "./timeline.ts";

/** Signed, retried, recorded deliveries of events to the endpoints that an organization subscribes. */
export const webhooks: AnyPlugin = definePlugin({
  id: "webhooks",
  version: "1.0.0",
  engine: "^1",
  settings: WebhookSettings,
  permissions: webhookPermissions,
  errors: webhookErrors,
  events: webhookEvents,
  tables: webhookTables,
  migrations: [createWebhooks, steerDelivery, extendSubscription],
  operations: [
    createWebhook,
    listWebhooks,
    listSigningKeys,
    getWebhook,
    updateWebhook,
    deleteWebhook,
    enableWebhook,
    disableWebhook,
    listWebhookEvents,
    listDeliveries,
    getDelivery,
    retryDelivery,
    testFilter,
    testWebhook,
    rotateSecret,
    recoverWebhook,
    replayWebhook,
    deliverMissing,
    retryDeliveries,
    createPortalLink,
    revokePortalLinks,
  ],
  jobs: { ...deliveryJobs, release, fanOutRest, bulk },
  reactions: { fanOut: { types: ["*"], concerns: concernsWebhooks, handle: fanOut } },
  contributes: [
    add(Timeline, deliveriesOfThread),
    add(Retention, undeliveredEvents),
    add(CliVerbs, listenVerb),
    add(Statistics, deliveriesMade),
    add(Statistics, deliveriesFailed),
  ],
  provides: [DeliveryCheck],
  start: async (ctx) => {
    const { targets } = openState(ctx);
    const subscribers = subscribersOf(ctx);
    return {
      provides: [provide(DeliveryCheck, { check: (delivery) => checkDelivery(ctx, delivery) })],
      stop: async () => {
        targets.stop();
        subscribers.stop();
      },
    };
  },
});
