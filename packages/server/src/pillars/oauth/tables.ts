import type { Tables } from "portico/kernel";

/** One client at rest. Times are milliseconds since 1970; lists are JSON. */
export interface ClientRow {
  readonly organization: string;
  readonly id: string;
  readonly name: string;
  readonly type: "public" | "confidential";
  readonly redirect_uris: string;
  readonly post_logout_redirect_uris: string;
  readonly scopes: string;
  /** SHA-256 of the secret: 256 random bits cannot be guessed. Null of a public client. */
  readonly secret_hash: Uint8Array | null;
  /** The secret before the last rotation, which opens until `previous_until`. */
  readonly previous_hash: Uint8Array | null;
  readonly previous_until: number | null;
  readonly created_at: number;
  readonly created_by: string;
  readonly revision: number;
}

/** What one user has allowed one client. */
export interface GrantRow {
  readonly organization: string;
  readonly id: string;
  readonly user_id: string;
  readonly client_id: string;
  readonly scopes: string;
  readonly created_at: number;
  readonly updated_at: number;
}

/**
 * One thing of the protocol: a code, a refresh token, an interaction. Found by the SHA-256 of its text, which is nowhere else
 * in the row; the payload is sealed.
 */
export interface ModelRow {
  readonly model: string;
  readonly id_hash: string;
  readonly payload: string;
  /** The sign-in that it belongs to. */
  readonly grant_id: string | null;
  readonly uid: string | null;
  readonly user_code: string | null;
  readonly client_id: string | null;
  readonly account_id: string | null;
  readonly consumed_at: number | null;
  readonly expires_at: number;
}

/** The pillar's tables for Kysely. */
export interface OAuthTables extends Tables {
  readonly oauth_clients: ClientRow;
  readonly oauth_grants: GrantRow;
  readonly oauth_models: ModelRow;
}

/** The kind under which ends and changes are told: `client:<id>`, `grant:<id of a sign-in>`, `token:<jti>`. */
export const OAUTH_CHANGES = "oauth.change";
