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
  /** Requests per minute; null for no limit of its own. */
  readonly rate_limit: number | null;
  readonly user_id: string | null;
  readonly metadata: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  /** Written behind, up to half a minute late. */
  readonly last_used_at: number | null;
  readonly revision: number;
}

/** The pillar's tables for Kysely. */
export interface KeyTables extends Tables {
  readonly keys_keys: KeyRow;
}

/** The kind under which changes of keys are told to all processes. */
export const KEY_CHANGES = "keys.key";
