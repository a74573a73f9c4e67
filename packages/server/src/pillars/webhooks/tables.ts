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
  readonly description: string;
  /** Sealed: `whsec_…`. */
  readonly secret: string;
  /** Sealed JSON object: headers may be credentials. */
  readonly headers: string;
  /** JSON list, for showing. */
  readonly headerNames: string;
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

/** The pillar's tables, for Kysely. `organization` is stamped and narrowed by the store. */
export interface WebhookTables {
  readonly webhooks_webhooks: WebhookRow;
  readonly webhooks_positions: PositionRow;
  readonly webhooks_deliveries: DeliveryRow;
  readonly webhooks_attempts: AttemptRow;
}

/** Whose rows the tables hold. */
export const webhookTables: Readonly<Record<keyof WebhookTables, TableScope>> = {
  webhooks_webhooks: "organization",
  webhooks_positions: "organization",
  webhooks_deliveries: "organization",
  webhooks_attempts: "organization",
};
