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

/** An entry with whose it is and its place in the chain. */
export interface PlacedAuditRecord extends AuditRecord {
  readonly organization: string;
  /** Null until the sealer has come by, within a second. */
  readonly seq: number | null;
}

/** One step of a walk through the audit, oldest first. */
export interface AuditWalk {
  /** All organizations when left out. */
  readonly organization?: string;
  /** Not before this time, in milliseconds since 1970. */
  readonly from?: number;
  /** Before this time. */
  readonly to?: number;
  /** `n` of the last entry of the step before; 0 at the beginning. */
  readonly after: number;
  /** At most 1,000. */
  readonly limit: number;
}

/** The signed end of the chain at one time: whoever keeps it elsewhere misses what is cut off later. */
export interface AuditCheckpoint {
  readonly seq: number;
  readonly hash: string;
  /** Milliseconds since 1970, UTC. */
  readonly at: number;
  /** Ed25519 over the canonical JSON of `{at, hash, seq}`, in base64. */
  readonly signature: string;
  /** Id of the key; null for an HMAC of an earlier version, which only the keyring can check. */
  readonly key: string | null;
  /** SubjectPublicKeyInfo in PEM; null where the key is not there. */
  readonly publicKey: string | null;
}

/** Reads the audit. Writing is `tx.audit`. */
export interface AuditReader {
  list(filter: AuditFilter): Promise<readonly AuditRecord[]>;
  walk(step: AuditWalk): Promise<readonly PlacedAuditRecord[]>;
  /** The newest of them, in the order of the chain. */
  checkpoints(newest: number): Promise<readonly AuditCheckpoint[]>;
}

/** `kernel.audit@1`: the kernel's own capability; no plugin needs to be listed in `needs` for it. */
export const Audit = capability<AuditReader>("kernel.audit@1");
