import type { PlacedRow, RequestQuery, RequestRow } from "./request-row.ts";

/** What the thread of the request log is started with. */
export interface ThreadSettings {
  readonly file: string;
  readonly rowsMax: number;
}

/** Main thread → thread. */
export type ToThread =
  | { readonly kind: "write"; readonly rows: readonly RequestRow[] }
  | { readonly kind: "find"; readonly id: number; readonly query: RequestQuery }
  | { readonly kind: "close"; readonly id: number };

/** Thread → main thread. */
export type FromThread =
  | { readonly kind: "found"; readonly id: number; readonly rows: readonly PlacedRow[] }
  | { readonly kind: "trouble"; readonly detail: string };
