import type { PlacedRow, RequestQuery, RequestRow } from "./request-row.ts";

/** How much the request log keeps: whichever limit is met first. */
export interface Retention {
  readonly rowsMax: number;
  /** Of the pages in use, the indexes' included. */
  readonly bytesMax: number;
  readonly ageMaxMs: number;
}

/** What the thread of the request log is started with. */
export interface ThreadSettings extends Retention {
  readonly file: string;
}

/** Main thread → thread. */
export type ToThread =
  | { readonly kind: "write"; readonly rows: readonly RequestRow[] }
  | { readonly kind: "forget"; readonly now: number }
  | { readonly kind: "find"; readonly id: number; readonly query: RequestQuery }
  | { readonly kind: "close"; readonly id: number };

/** Thread → main thread. */
export type FromThread =
  | { readonly kind: "found"; readonly id: number; readonly rows: readonly PlacedRow[] }
  /** A question that could not be answered. */
  | { readonly kind: "refused"; readonly id: number; readonly detail: string }
  | { readonly kind: "trouble"; readonly detail: string };
