import type { MessagePort } from "node:worker_threads";
import type { PauseSettings } from "./pause.ts";

/** A value as it crosses between threads. */
export type Cell = string | number | bigint | Uint8Array | null;

/** One statement for a thread. */
export interface ThreadStatement {
  readonly sql: string;
  readonly parameters: readonly Cell[];
  readonly rows?: number;
}

/** What a statement gave, as it crosses back. */
export interface ThreadResult {
  readonly rows: Record<string, Cell>[];
  readonly changes: number;
}

/** A refusal in a form that crosses threads; the main thread makes a problem of it. */
export interface ThreadFault {
  readonly code:
    | "store.unavailable"
    | "store.conflict"
    | "store.badValue"
    | "store.readOnly"
    | "store.statement";
  readonly detail: string;
  readonly constraint?: string;
}

/** From the main thread. Ids are given by the main thread and never used twice. */
export type ToThread =
  | { readonly kind: "read"; readonly id: number; readonly statement: ThreadStatement }
  | { readonly kind: "append"; readonly id: number; readonly batch: readonly ThreadStatement[] }
  /** `exclusive`: outside any group and without a transaction of ours, for migrations. */
  | { readonly kind: "begin"; readonly id: number; readonly exclusive: boolean }
  | {
      readonly kind: "step";
      readonly id: number;
      readonly member: number;
      readonly statement: ThreadStatement;
    }
  | { readonly kind: "end"; readonly member: number; readonly keep: boolean }
  | { readonly kind: "copy"; readonly id: number; readonly file: string }
  | { readonly kind: "close"; readonly id: number };

/** Back to the main thread. `begun` and `stepped` come at once; every other outcome waits for the outer commit. */
export type FromThread =
  | { readonly kind: "ready" }
  | { readonly kind: "begun"; readonly id: number }
  | { readonly kind: "done"; readonly id: number; readonly result?: ThreadResult }
  | {
      readonly kind: "refused";
      readonly id: number;
      readonly index: number;
      readonly changes: number;
      readonly constraint?: string;
    }
  | { readonly kind: "failed"; readonly id: number; readonly fault: ThreadFault };

/** What a thread is started with. */
export interface ThreadSettings {
  readonly role: "writer" | "reader" | "copier";
  readonly file: string;
  readonly maxPageCount?: number;
  /** After so long no further transaction joins an open group. */
  readonly groupMs: number;
  /** Around every commit; all zero but in tests. */
  readonly pause: PauseSettings;
}

/** What crosses when a thread is started. */
export interface ThreadStart {
  readonly settings: ThreadSettings;
  readonly port: MessagePort;
  /** One number that the thread increases with every message it posts. */
  readonly answered: Int32Array;
}
