import type { TableScope } from "portico/kernel";

/** What was counted in one span of time for one combination of labels by one process. */
export interface RollupRow {
  /** Named in upserts and by compaction, which sees all organizations. */
  readonly organization: string;
  /** Length of the span in seconds: 60, 3,600 or 86,400. */
  readonly span: number;
  /** When the span begins, ms since 1970. */
  readonly at: number;
  readonly api: string;
  /** Method and template: `GET /shop/invoices/{id}`. */
  readonly operation: string;
  /** Empty where the API has none. */
  readonly version: string;
  /** Id of the key; empty without one. */
  readonly credential: string;
  /** First digit of the status. */
  readonly status: number;
  /** The process that counted; empty once the counts of all are put together. */
  readonly node: string;
  readonly count: number;
  /** Answers from 500 on. */
  readonly errors: number;
  readonly bytes_in: number;
  readonly bytes_out: number;
  /** Sums, in whole microseconds. */
  readonly duration_us: number;
  readonly gateway_us: number;
  readonly upstream_us: number;
  /** Histograms (`analytics/histogram.ts`). */
  readonly durations: Uint8Array;
  readonly gateways: Uint8Array;
  /** Empty where no upstream was asked. */
  readonly upstreams: Uint8Array;
}

/** How far compaction has come: everything before `at` is in rows of this span. */
export interface MarkRow {
  readonly span: number;
  readonly at: number;
}

/** Where an error is on its way. Muted ones are counted but not listed by default. */
export type ErrorState = "open" | "resolved" | "muted";

/** Failures that are the same one. Named by what they have in common. */
export interface ErrorRow {
  /** SHA-256 of what identifies them, hex, shortened to 32 characters. */
  readonly fingerprint: string;
  readonly id: string;
  /** `operation`, `gateway`, `upstream`, `job`, `plugin` or `application`. */
  readonly kind: string;
  /** Route with its method, job, reaction, or what an application named. */
  readonly place: string;
  readonly code: string | null;
  /** What a caller was told. */
  readonly message: string;
  /** What it said inside, and where: for operators. */
  readonly detail: string | null;
  readonly stack: string | null;
  readonly state: ErrorState;
  readonly count: number;
  readonly first_at: number;
  readonly last_at: number;
  readonly changed_at: number;
  /** When it happened again after it was resolved. */
  readonly regressed_at: number | null;
  readonly revision: number;
}

/** How often one caller met one error. */
export interface ErrorCallerRow {
  readonly fingerprint: string;
  readonly subject: string;
  readonly count: number;
  readonly last_at: number;
}

/** One occurrence, with what leads on from it. */
export interface ErrorSampleRow {
  readonly fingerprint: string;
  readonly id: string;
  readonly at: number;
  readonly subject: string;
  readonly trace: string | null;
  /** The request, job or event that failed. */
  readonly source: string | null;
  readonly message: string;
  readonly detail: string | null;
}

/** The pillar's tables in the main store; the request log is a file of its own. */
export interface InsightTables {
  readonly insight_rollups: RollupRow;
  readonly insight_marks: MarkRow;
  readonly insight_errors: ErrorRow;
  readonly insight_error_callers: ErrorCallerRow;
  readonly insight_error_samples: ErrorSampleRow;
}

/** Whose rows the tables hold. */
export const insightTables: Readonly<Record<keyof InsightTables, TableScope>> = {
  insight_rollups: "organization",
  insight_marks: "instance",
  insight_errors: "organization",
  insight_error_callers: "organization",
  insight_error_samples: "organization",
};
