import { Buffer } from "node:buffer";
import { canonicalJson, hmacSha256, sha256 } from "../../base/index.ts";
import type { AuditRecord, SqlRow, SqlValue } from "../contract/index.ts";

/** One entry as the sealer and the verifier see it. */
export interface AuditEntry extends AuditRecord {
  readonly organization: string;
  /** Place in the chain; null until the sealer has come by. */
  readonly seq: number | null;
}

/** Columns of {@link toEntry}. */
export const ENTRY_COLUMNS = `n, id, organization, plugin, actor, action, target, cause, trace, at, diff, diff_hash,
  seq, hash`;

/** Reads a row of audit_entries. */
export function toEntry(row: SqlRow): AuditEntry {
  const seq = row["seq"] ?? null;
  return {
    n: Number(row["n"]),
    id: String(row["id"]),
    organization: String(row["organization"]),
    plugin: String(row["plugin"]),
    actor: String(row["actor"]),
    action: String(row["action"]),
    target: String(row["target"]),
    cause: String(row["cause"]),
    trace: String(row["trace"]),
    at: Number(row["at"]),
    diff: textOrNull(row["diff"]),
    diffHash: String(row["diff_hash"]),
    seq: seq === null ? null : Number(seq),
    hash: textOrNull(row["hash"]),
  };
}

/** SHA-256 of a diff's text, in hex. */
export function hashDiff(diff: string): string {
  return hex(sha256(diff));
}

/** The chain's hash after this entry: over the hash before it, its place and everything but the diff itself. */
export function hashEntry(previous: string, seq: number, entry: AuditEntry): string {
  const { id, organization, plugin, actor, action, target, cause, trace, at, diffHash } = entry;
  const facts = { id, organization, plugin, actor, action, target, cause, trace, at, diffHash };
  return hex(sha256(canonicalJson({ ...facts, previous, seq })));
}

/** What a checkpoint vouches for. */
export interface Checkpoint {
  readonly seq: number;
  readonly hash: string;
  /** Milliseconds since 1970, UTC. */
  readonly at: number;
}

/** HMAC-SHA-256 of a checkpoint, in hex: how they were signed before there was an Ed25519 key. */
export function signCheckpoint(key: Uint8Array, { seq, hash, at }: Checkpoint): string {
  return hex(hmacSha256(key, canonicalJson({ seq, hash, at })));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function textOrNull(value: SqlValue | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}
