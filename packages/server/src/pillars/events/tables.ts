import type { Tables } from "portico/kernel";

/** One event type that an organization has described. Times are milliseconds since 1970. */
export interface EventTypeRow {
  readonly organization: string;
  readonly type: string;
  readonly group_name: string | null;
  readonly description: string;
  /** 0 or 1. */
  readonly deprecated: number;
  /** `off`, `warn`, `enforce`; null for what the settings say. */
  readonly validation: string | null;
  /** Of the newest schema; 0 while there is none. */
  readonly version: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly revision: number;
}

/** One version of a type's schema. */
export interface SchemaRow {
  readonly organization: string;
  readonly type: string;
  readonly version: number;
  /** JSON. */
  readonly schema: string;
  /** JSON; null where there is none. */
  readonly example: string | null;
  /** 1 where it was forced over what it breaks. */
  readonly breaking: number;
  readonly created_at: number;
}

/** Which event an idempotency key of an event stands for. */
export interface EventKeyRow {
  readonly organization: string;
  readonly idempotency_key: string;
  readonly event: string;
  /** SHA-256 of the event as it was sent, hex. */
  readonly fingerprint: string;
  readonly created_at: number;
}

/** The pillar's tables for Kysely. */
export interface EventTables extends Tables {
  readonly events_types: EventTypeRow;
  readonly events_schemas: SchemaRow;
  readonly events_keys: EventKeyRow;
}

/** The kind under which changes of event types are told to all processes. */
export const TYPE_CHANGES = "events.type";
