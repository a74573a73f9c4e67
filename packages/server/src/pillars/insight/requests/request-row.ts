import type { RequestDecision } from "portico/kernel";
import type { Kept } from "./budget.ts";

/** One kept request. */
export interface RequestRow {
  readonly id: string;
  readonly trace: string;
  readonly organization: string;
  readonly subject: string;
  readonly at: number;
  readonly durationMs: number;
  readonly method: string;
  readonly route: string;
  readonly path: string;
  readonly status: number;
  readonly code: string | null;
  readonly clientAddress: string;
  readonly kept: Kept;
  /** Empty in rows written before there was one. */
  readonly api: string;
  readonly version: string | null;
  readonly credential: string | null;
  readonly credentialName: string | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly upstreamMs: number | null;
  readonly cache: string | null;
  /** JSON of {@link KeptDetails}; null in old rows, and where only the row was asked for. */
  readonly details: string | null;
}

/** What a row keeps beyond its columns: redacted already. */
export interface KeptDetails {
  readonly query: string;
  /** Names and values. */
  readonly requestHeaders: readonly (readonly [string, string])[];
  readonly replyHeaders: readonly (readonly [string, string])[];
  readonly decisions: readonly RequestDecision[];
  readonly requestBody: KeptBody | null;
  readonly replyBody: KeptBody | null;
}

/** The sample of a body; `text` is null when nothing of it could be shown, and `note` then says why. */
export interface KeptBody {
  readonly mediaType: string;
  readonly text: string | null;
  readonly note: string | null;
}

/** What rows can be narrowed by. */
export interface RequestFilters {
  /** Left out: of all organizations. */
  readonly organization?: string;
  /** `404`, or a class such as `5xx`. */
  readonly status?: string;
  readonly method?: string;
  readonly route?: string;
  readonly api?: string;
  readonly version?: string;
  readonly credential?: string;
  readonly subject?: string;
  readonly code?: string;
  readonly id?: string;
  readonly trace?: string;
  /** An id or a trace, whichever it is. */
  readonly search?: string;
  readonly since?: number;
  readonly until?: number;
  /** Took at least so many ms. */
  readonly slow?: number;
}

/** Which rows are wanted, newest first. */
export interface RequestQuery extends RequestFilters {
  /** Rows before this position. */
  readonly before?: number;
  readonly limit: number;
  /** Also what is only shown of one row. */
  readonly hasDetails?: boolean;
}

/** A row with its position in the log, which only a cursor carries. */
export interface PlacedRow {
  readonly position: number;
  readonly row: RequestRow;
}

/** Where rows are kept: outside the promise (design §2.1), so writing answers nothing. */
export interface RequestRows {
  write(rows: readonly RequestRow[]): void;
  find(query: RequestQuery): Promise<readonly PlacedRow[]>;
  /** Deletes what is too old, too many or too large. */
  forget(now: number): void;
  close(): Promise<void>;
}
