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
}

/** Which rows are wanted: of one organization, newest first. */
export interface RequestQuery {
  readonly organization: string;
  readonly status?: string;
  readonly method?: string;
  readonly route?: string;
  readonly trace?: string;
  readonly since?: number;
  /** Rows before this position. */
  readonly before?: number;
  readonly limit: number;
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
  close(): Promise<void>;
}

/** True when a status is the wanted one: `404` or a class such as `5xx`. */
export function hasStatus(status: number, wanted: string): boolean {
  return wanted.endsWith("xx")
    ? Math.floor(status / 100) === Number(wanted[0])
    : status === Number(wanted);
}
