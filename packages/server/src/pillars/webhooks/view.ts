import { Buffer } from "node:buffer";
import { Type } from "typebox";
import type { Static } from "typebox";
import { toRfc3339 } from "portico/kernel";
import { PATTERN } from "./match.ts";
import {
  SUBSCRIPTION_COLUMNS,
  subscriptionFields,
  SubscriptionView,
  viewSubscription,
} from "./subscription.ts";
import type { SubscriptionRow } from "./subscription.ts";
import { STEERING_COLUMNS, SteeringView, steeringFields, viewSteering } from "./steering.ts";
import type { SteeringRow } from "./steering.ts";
import type { AttemptRow, DeliveryRow, WebhookRow } from "./tables.ts";

const Time = Type.String({ format: "date-time" });
const TimeOrNull = Type.Union([Time, Type.Null()]);
const TextOrNull = Type.Union([Type.String(), Type.Null()]);

/** Fields of a webhook that its owner chooses. */
export const webhookFields = {
  url: Type.String({ minLength: 1, maxLength: 2_048, description: "Where events are posted to." }),
  events: Type.Array(Type.String({ pattern: PATTERN, maxLength: 128 }), {
    minItems: 1,
    maxItems: 100,
    description: "Types: `invoice.paid`, a beginning `invoice.*`, or `*` for all.",
  }),
  active: Type.Boolean({ description: "False: events are kept as held deliveries." }),
  headers: Type.Record(Type.String({ maxLength: 128 }), Type.String({ maxLength: 4_096 }), {
    maxProperties: 20,
    description: "Sent along with every attempt; stored sealed and never shown again.",
  }),
  description: Type.String({ maxLength: 1_000 }),
  ...subscriptionFields,
  ...steeringFields,
};

/** One webhook as callers see it: never its secret, and of its headers only the names. */
export const WebhookView = Type.Object({
  id: Type.String(),
  slug: TextOrNull,
  url: Type.String(),
  events: Type.Array(Type.String()),
  active: Type.Boolean(),
  disabledReason: TextOrNull,
  headerNames: Type.Array(Type.String()),
  description: Type.String(),
  ...SubscriptionView,
  ...SteeringView,
  revision: Type.Integer(),
  createdAt: Time,
  updatedAt: Time,
});

/** Every column that a view of a webhook rests on. */
export const WEBHOOK_COLUMNS = [
  "id",
  "slug",
  "url",
  "events",
  "isActive",
  "disabledReason",
  "headerNames",
  "description",
  ...SUBSCRIPTION_COLUMNS,
  ...STEERING_COLUMNS,
  "revision",
  "createdAt",
  "updatedAt",
] as const;

/** A webhook's row without what is sealed. */
export type VisibleWebhook = Pick<
  WebhookRow,
  Exclude<(typeof WEBHOOK_COLUMNS)[number], "revision" | keyof SteeringRow | keyof SubscriptionRow>
> &
  SubscriptionRow &
  SteeringRow & { readonly revision: number };

/** One row in the form callers see. */
export function viewWebhook(row: VisibleWebhook): Static<typeof WebhookView> {
  return {
    id: row.id,
    slug: row.slug,
    url: row.url,
    events: parseTexts(row.events),
    active: row.isActive === 1,
    disabledReason: row.disabledReason,
    headerNames: parseTexts(row.headerNames),
    description: row.description,
    ...viewSubscription(row),
    ...viewSteering(row),
    revision: row.revision,
    createdAt: toRfc3339(row.createdAt),
    updatedAt: toRfc3339(row.updatedAt),
  };
}

/** What `webhook.created` and `webhook.updated` tell. */
export function webhookData(
  row: Pick<WebhookRow, "id" | "url" | "events" | "isActive">,
): Readonly<Record<string, unknown>> {
  const { id, url, events, isActive } = row;
  return { id, url, events: parseTexts(events), active: isActive === 1 };
}

function parseTexts(json: string): string[] {
  // Written by us, from a list of texts.
  return JSON.parse(json) as string[];
}

/** One delivery without its attempts. */
export const DeliveryView = Type.Object({
  id: Type.String(),
  webhook: Type.String(),
  event: Type.String(),
  type: Type.String(),
  state: Type.Union(
    [
      Type.Literal("pending"),
      Type.Literal("delivered"),
      Type.Literal("exhausted"),
      Type.Literal("held"),
      Type.Literal("canceled"),
    ],
    { description: "`held`: the webhook is disabled. `canceled`: it was deleted." },
  ),
  attemptCount: Type.Integer(),
  nextAttemptAt: TimeOrNull,
  lastStatus: Type.Union([Type.Integer(), Type.Null()]),
  lastError: TextOrNull,
  createdAt: Time,
  updatedAt: Time,
});

/** A delivery's row as it is read. */
export type ReadDelivery = Omit<
  DeliveryRow,
  "round" | "tries" | "attempts" | "lastStatus" | "lastError" | "orderKey" | "parkedAt"
> & {
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
};

/** One row in the form callers see. */
export function viewDelivery(row: ReadDelivery): Static<typeof DeliveryView> {
  return {
    id: row.id,
    webhook: row.webhook,
    event: row.event,
    type: row.eventType,
    state: row.state,
    attemptCount: row.attempts,
    nextAttemptAt: row.nextAt === null ? null : toRfc3339(row.nextAt),
    lastStatus: row.lastStatus,
    lastError: row.lastError,
    createdAt: toRfc3339(row.createdAt),
    updatedAt: toRfc3339(row.updatedAt),
  };
}

/** One attempt with the beginning of what was answered. */
export const AttemptView = Type.Object({
  id: Type.String(),
  at: Time,
  durationMs: Type.Integer(),
  status: Type.Union([Type.Integer(), Type.Null()]),
  error: TextOrNull,
  address: TextOrNull,
  responseBody: Type.Union([Type.String(), Type.Null()], {
    description: "The first 4 KB, read as UTF-8.",
  }),
});

/** One row in the form callers see. */
export function viewAttempt(row: AttemptRow): Static<typeof AttemptView> {
  const { responseBody: body } = row;
  return {
    id: row.id,
    at: toRfc3339(row.startedAt),
    durationMs: row.durationMs,
    status: row.status,
    error: row.error,
    address: row.address,
    responseBody:
      body === null ? null : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString(),
  };
}
