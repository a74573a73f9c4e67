import type { Tables } from "portico/kernel";

/** One key at rest. Times are milliseconds since 1970; JSON is text. */
export interface KeyRow {
  readonly organization: string;
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the whole text. No salt and no slow hash: 256 random bits cannot be guessed. */
  readonly hash: Uint8Array;
  readonly permissions: string;
  readonly instance_permissions: string;
  readonly environment: string;
  /** Requests per minute; null for no limit of its own, or where `rate_policy` says it. */
  readonly rate_limit: number | null;
  /** A limit in any other form: JSON. */
  readonly rate_policy: string | null;
  /** JSON: fixed windows. */
  readonly quotas: string | null;
  readonly user_id: string | null;
  /** JSON: CIDRs; null for any address. */
  readonly ip_allow: string | null;
  /** JSON: fronted API → version. */
  readonly pins: string | null;
  readonly metadata: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  /** Switched off, and may be switched on again. */
  readonly disabled_at: number | null;
  /** Written behind, up to half a minute late. */
  readonly last_used_at: number | null;
  readonly rotated_at: number | null;
  /** The hash before the last rotation, which opens until `previous_until`. */
  readonly previous_hash: Uint8Array | null;
  readonly previous_until: number | null;
  /** Written behind. */
  readonly previous_used_at: number | null;
  readonly revision: number;
}

/** Uses of one key on one day of UTC, written behind. */
export interface UsageRow {
  readonly organization: string;
  readonly key_id: string;
  /** `2026-01-31` */
  readonly day: string;
  readonly uses: number;
}

/** The pillar's tables for Kysely. */
export interface KeyTables extends Tables {
  readonly keys_keys: KeyRow;
  readonly keys_usage: UsageRow;
}

/** The kind under which changes of keys are told to all processes. */
export const KEY_CHANGES = "keys.key";
