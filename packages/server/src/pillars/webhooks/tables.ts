import type { Generated } from "kysely";
import type { TableScope } from "portico/kernel";

/** How far a delivery is. `held`: its webhook is disabled. `canceled`: its webhook was deleted. */
export type DeliveryState = "pending" | "delivered" | "exhausted" | "held" | "canceled";

/** One subscribed endpoint. */
export interface WebhookRow {
  readonly id: string;
  readonly slug: string | null;
  readonly url: string;
  /** JSON list of patterns. */
  readonly events: string;
  /** JSON list: an event is wanted when it carries one of them. Empty: whatever it carries. */
  readonly channels: Generated<string>;
  /** JSON of a filter; null: none. */
  readonly filter: Generated<string | null>;
  /** The application's own customer whom it serves; null: nobody's in particular. */
  readonly owner: Generated<string | null>;
  readonly description: string;
  /** Sealed: `whsec_…`, the newest. */
  readonly secret: string;
  /**
   * Sealed JSON list of {@link LiveSecret}, newest first, from the first rotation on: every attempt is signed with each
   * that has not expired. Null: `secret` alone.
   */
  readonly secrets: Generated<string | null>;
  /** Sealed JSON object: headers may be credentials. */
  readonly headers: string;
  /** JSON list, for showing. */
  readonly headerNames: string;
  /** Sealed JSON: credentials towards the receiver. */
  readonly auth: Generated<string | null>;
  readonly authType: Generated<string | null>;
  /** Form of the body: `standard`, `event` or `cloudevents`. */
  readonly format: Generated<string>;
  /** 1: attempts carry a `v1a` signature beside `v1`. */
  readonly isAsymmetric: Generated<number>;
  /** JSON of a retry policy; null: the server's schedule. */
  readonly retryPolicy: Generated<string | null>;
  /** JSON of a rate limit; null: none. */
  readonly rateLimit: Generated<string | null>;
  /** Attempts under way at the same time, over all processes. */
  readonly concurrency: Generated<number>;
  /** Null: deliveries overtake each other. Else what happens to a key whose delivery is exhausted. */
  readonly ordering: Generated<string | null>;
  readonly isActive: number;
  readonly disabledReason: string | null;
  /**
   * Log position of its own creation: it is sent what comes after. Null until the log's consumer has met that event,
   * which makes "after" the order of the log and of no clock.
   */
  readonly fromSeq: Generated<number | null>;
  readonly revision: Generated<number>;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A signing secret and how long it is used; null: until it is replaced. */
export interface LiveSecret {
  readonly secret: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number | null;
}

/** How many deliveries a webhook has ever had. Apart from the webhook: written with every batch, read with none. */
export interface PositionRow {
  /** Stamped by the store; named here because the upsert names the key's columns. */
  readonly organization: Generated<string>;
  readonly webhook: string;
  readonly last: number;
}

/** One event for one webhook. */
export interface DeliveryRow {
  readonly webhook: string;
  /** 1, 2, 3, … within the webhook, without gaps, in log order. */
  readonly position: number;
  readonly id: string;
  readonly event: string;
  readonly eventType: string;
  readonly state: DeliveryState;
  /** Goes up when somebody asks to deliver again: a job of an earlier round finds that it is no longer wanted. */
  readonly round: Generated<number>;
  /** Tries within the round: the step of the ladder. */
  readonly tries: Generated<number>;
  /** Tries of all rounds. */
  readonly attempts: Generated<number>;
  readonly nextAt: number | null;
  /** The event's key, where the webhook keeps order: deliveries of one key are sent one after another. */
  readonly orderKey: Generated<string | null>;
  /** Since when it waits, without a job, for its paused webhook; null: it does not. */
  readonly parkedAt: Generated<number | null>;
  readonly lastStatus: Generated<number | null>;
  readonly lastError: Generated<string | null>;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One HTTP request of a delivery. */
export interface AttemptRow {
  readonly delivery: string;
  readonly id: string;
  readonly startedAt: number;
  readonly durationMs: number;
  /** Null when no answer came. */
  readonly status: number | null;
  readonly error: string | null;
  readonly address: string | null;
  /** The first 4 KB of the answer. */
  readonly responseBody: Uint8Array | null;
}

/** How the receiver of a webhook does; no row: well. */
export interface HealthRow {
  readonly organization: Generated<string>;
  readonly webhook: string;
  /** Of the first failure since the last success. */
  readonly failingSince: number | null;
  readonly lastFailureAt: number | null;
  /** 1: `webhook.failing` was told, and `webhook.recovered` not yet. */
  readonly isTold: Generated<number>;
  /** While set, deliveries are parked; also the name of the pause, which its end knows it by. */
  readonly pausedUntil: number | null;
  /** `failing`: only probes are sent. `asked`: the receiver asked for a wait. `pace`: the rate limit has no room. */
  readonly pauseReason: string | null;
  /** Probes in vain since it began to fail. */
  readonly probes: Generated<number>;
  /** Goes up with each parked delivery: whoever parks and whoever ends the pause come one after the other. */
  readonly parkings: Generated<number>;
}

/** When a webhook with a rate limit may be called next. */
export interface PaceRow {
  readonly organization: Generated<string>;
  readonly webhook: string;
  /** Microseconds since 1970: ten thousand calls a second are a tenth of a millisecond apart. */
  readonly nextAtMicros: number;
}

/** A line: the deliveries of one key of an ordered webhook. The row is there exactly while a job works on the line. */
export interface LineRow {
  readonly organization: Generated<string>;
  readonly webhook: string;
  readonly orderKey: string;
  /** Goes up with what joins the line, so that its job does not end over something it has not seen. */
  readonly wakes: number;
}

/** An event that has more subscribers than one transaction takes: those up to `after` have their deliveries. */
export interface BacklogRow {
  readonly seq: number;
  readonly event: string;
  /** Id of a webhook; empty at the beginning. */
  readonly after: string;
}

/** Bulk work under way: one for each webhook, and one for the organization as a whole. */
export interface BulkRow {
  /** Id of a webhook; empty for all of the organization's. */
  readonly place: string;
  /** The job that does it. */
  readonly job: string;
  /** JSON of where it goes on. */
  readonly cursor: string;
  readonly done: number;
  readonly updatedAt: number;
}

/** The pillar's tables, for Kysely. `organization` is stamped and narrowed by the store. */
export interface WebhookTables {
  readonly webhooks_webhooks: WebhookRow;
  readonly webhooks_positions: PositionRow;
  readonly webhooks_deliveries: DeliveryRow;
  readonly webhooks_attempts: AttemptRow;
  readonly webhooks_health: HealthRow;
  readonly webhooks_pace: PaceRow;
  readonly webhooks_lines: LineRow;
  readonly webhooks_backlog: BacklogRow;
  readonly webhooks_bulks: BulkRow;
}

/** The kind under which changed webhooks are told to every process. */
export const WEBHOOK_CHANGED = "webhooks.webhook";

/** The kind under which changed health is told: apart, since no subscription is read anew for it. */
export const HEALTH_CHANGED = "webhooks.health";

/** Whose rows the tables hold. */
export const webhookTables: Readonly<Record<keyof WebhookTables, TableScope>> = {
  webhooks_webhooks: "organization",
  webhooks_positions: "organization",
  webhooks_deliveries: "organization",
  webhooks_attempts: "organization",
  webhooks_health: "organization",
  webhooks_pace: "organization",
  webhooks_lines: "organization",
  webhooks_backlog: "organization",
  webhooks_bulks: "organization",
};
