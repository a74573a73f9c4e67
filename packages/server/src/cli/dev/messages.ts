import type { PrintedSetting } from "../../kernel/config/index.ts";

/** What a server's process is, for its supervisor. */
export const DEV_ROLE = "PORTICO_DEV_ROLE";

/** What a candidate has found of itself before it opens anything. */
export interface Checked {
  readonly type: "checked";
  readonly host: string;
  readonly port: number;
  /** Every setting, secrets hidden: what is told of a change is the difference of two of these. */
  readonly settings: readonly PrintedSetting[];
  /** Of everything but the gateway's settings, secrets among it: equal when a live reload will do. */
  readonly stamp: string;
  /** The gateway's settings; undefined when they hold what is no JSON, and cannot cross processes. */
  readonly gateway: unknown;
  /** Files that say settings: the configuration and `.env`. */
  readonly settingsFiles: readonly string[];
  /** Files whose change asks for another process: all modules that were imported, and those that settings name. */
  readonly code: readonly string[];
  /** Files that the gateway reads: documents. Their change asks for a reload. */
  readonly documents: readonly string[];
}

/** What became of a live reload. */
export type Reloaded =
  | { readonly type: "reloaded"; readonly told: readonly string[] }
  | { readonly type: "refused"; readonly mistakes: readonly string[] }
  /** This gateway cannot; the server has to be started anew. */
  | { readonly type: "unable" };

/** From a server's process to its supervisor. */
export type FromServer =
  | Checked
  | { readonly type: "ready" }
  | Reloaded
  /** It is not in order, and these it has read: a change of one of them may mend it. */
  | { readonly type: "broken"; readonly code: readonly string[] };

/** From the supervisor to a server's process. A `connection` comes with its socket. */
export type FromSupervisor =
  | { readonly type: "go"; readonly url: string }
  | { readonly type: "connection" }
  | { readonly type: "reload"; readonly gateway: unknown };
