import { capability } from "./capability.ts";

/** One thing somebody did, as readers see it. */
export interface AuditRecord {
  /** Place among all entries; a cursor, never shown. */
  readonly n: number;
  readonly id: string;
  readonly plugin: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly cause: string;
  readonly trace: string;
  /** Milliseconds since 1970, UTC. */
  readonly at: number;
  /** JSON of `{before, after}`; null when it was erased. */
  readonly diff: string | null;
  /** SHA-256 of the diff; outlives it. */
  readonly diffHash: string;
  /** The chain's hash up to here; null until the sealer has come by, within a second. */
  readonly hash: string | null;
}

/** Which entries a page holds; newest first. */
export interface AuditFilter {
  readonly organization: string;
  readonly actor?: string;
  readonly action?: string;
  readonly target?: string;
  readonly trace?: string;
  /** `n` of the last entry of the page before. */
  readonly before?: number;
  /** At most 1,000. */
  readonly limit: number;
}

/** Reads the audit. Writing is `tx.audit`. */
export interface AuditReader {
  list(filter: AuditFilter): Promise<readonly AuditRecord[]>;
}

/** `kernel.audit@1`: the kernel's own capability; no plugin needs to be listed in `needs` for it. */
export const Audit = capability<AuditReader>("kernel.audit@1");
