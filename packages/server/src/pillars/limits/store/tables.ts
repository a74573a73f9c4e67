import type { Tables } from "portico/kernel";

/** One count at rest: of one policy, place, subject, and window where it has one. */
export interface CounterRow {
  readonly name: string;
  /** Of a fixed window: tokens. Of a bucket: debt in units of its GCRA. */
  readonly used: number;
  /** Beginning of the fixed window, or when the bucket's debt was true; milliseconds since 1970. */
  readonly at: number;
  /** From then on the row counts nothing and may be deleted. */
  readonly ends_at: number;
}

/** Room for calls under way that one process holds of one count. */
export interface SlotRow {
  readonly name: string;
  readonly holder: string;
  readonly slots: number;
  /** From then on they are anybody's; milliseconds since 1970. */
  readonly ends_at: number;
}

/** The pillar's tables for Kysely. */
export interface LimitTables extends Tables {
  readonly limits_counters: CounterRow;
  readonly limits_slots: SlotRow;
}
