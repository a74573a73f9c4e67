import { capability } from "./capability.ts";
import type { Tx } from "./store.ts";

/** One setting, as administrators see it. */
export interface SettingView {
  /** Dotted, as in the configuration: `events.retentionDays`. */
  readonly path: string;
  /** The same place as a JSON pointer into a change: `/events/retentionDays`. */
  readonly pointer: string;
  /** The plugin it belongs to; null for the kernel's own, which are never stored. */
  readonly plugin: string | null;
  readonly description: string | null;
  /** The value in force in this process; absent for a secret and where there is none. */
  readonly value?: unknown;
  /** What it would be if nobody said anything; absent for a secret and where there is none. */
  readonly default?: unknown;
  /** The strongest that gives it, strongest first: flag, environment, file, stored, default. */
  readonly source: "flag" | "environment" | "file" | "stored" | "default";
  /** `PORT in .env`, `portico.config.ts`; null for stored values and defaults. */
  readonly from: string | null;
  /** Written but never shown. */
  readonly secret: boolean;
  /** Whether there is a value at all; all that is told of a secret. */
  readonly isSet: boolean;
  /** Whether a change is in force at once; else at the next start. */
  readonly reload: boolean;
  /** A stored value that waits for the next start. */
  readonly pending: boolean;
  /** False for the kernel's own and for what a file, a variable or a flag gives. */
  readonly writable: boolean;
}

/** One setting that a change has moved. Secrets read `[secret]` on both sides. */
export interface SettingChange {
  readonly path: string;
  /** Null where it was, or is, the default. */
  readonly before: unknown;
  readonly after: unknown;
  readonly takesEffect: "now" | "restart";
}

/** What came of a change. */
export interface SettingsChanged {
  /** Goes up with every change. */
  readonly revision: number;
  /** What it was before. */
  readonly previous: number;
  readonly changes: readonly SettingChange[];
}

/** A change of stored settings, by plugin: a JSON merge patch (RFC 7396) in which null goes back to the default. */
export type SettingsPatch = Readonly<Record<string, unknown>>;

/** The settings of all plugins: where each value comes from, and those that administrators have stored. */
export interface SettingsFace {
  /** Every setting, the kernel's too, as committed now. */
  list(): Promise<{
    readonly revision: number;
    readonly settings: readonly SettingView[];
    /** Whether {@link SettingsFace.undo} has something to take back. */
    readonly undoable: boolean;
  }>;
  /**
   * Stores within the transaction; `refresh` after the commit. Throws `settings.invalid` with every mistake,
   * `settings.pinned` for what a file, a variable or a flag gives: then nothing is stored.
   */
  change(tx: Tx, patch: SettingsPatch): Promise<SettingsChanged>;
  /** Takes the last change back, once. Throws `settings.nothingToUndo`. */
  undo(tx: Tx): Promise<SettingsChanged>;
  /** Reads what is stored: this process acts by it when it settles. Others follow by the change feed. */
  refresh(): Promise<void>;
}

/** `kernel.settings@1`: the kernel's own capability; no plugin needs to be listed in `needs` for it. */
export const Settings = capability<SettingsFace>("kernel.settings@1");
