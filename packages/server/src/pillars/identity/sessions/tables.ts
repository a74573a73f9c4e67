import type { TableScope, Tables } from "portico/kernel";

/** One sign-in on one device. Times are milliseconds since 1970; JSON is text. */
export interface SessionRow {
  readonly id: string;
  readonly user_id: string;
  readonly organization: string;
  /** SHA-256 of the cookie's text. */
  readonly token_hash: Uint8Array;
  /** SHA-256 of the present refresh token; null where there is none. */
  readonly refresh_hash: Uint8Array | null;
  /** Number of the present refresh token; each renewal counts it up. */
  readonly refresh_generation: number;
  /** Binds a refresh token's text to this session: tells an old one of ours from one that somebody made up. */
  readonly refresh_seal: Uint8Array;
  /** When the present refresh token was given out. */
  readonly refreshed_at: number;
  /** The oldest token whose replay is still forgiven within the window after `refreshed_at`. */
  readonly forgiven_from: number;
  /** `long` or `short`. */
  readonly life: string;
  /** JSON: how the person was recognised, by the names of RFC 8176. */
  readonly methods: string;
  readonly address: string;
  readonly device: string;
  readonly created_at: number;
  /** When the person last gave a proof. */
  readonly proved_at: number;
  /** Written behind, at most once a minute. */
  readonly last_seen_at: number;
  /** The absolute limit. */
  readonly expires_at: number;
  /** Milliseconds without use after which it ends. */
  readonly idle_ms: number;
  /** The earlier of `expires_at` and `last_seen_at` + `idle_ms`. */
  readonly ends_at: number;
  readonly impersonator: string | null;
  /** The impersonator's own session, with which this one ends. */
  readonly impersonator_session: string | null;
}

/** One key that signs access tokens. */
export interface SigningKeyRow {
  /** Counts up: whoever inserts a number first has decided. */
  readonly number: number;
  readonly kid: string;
  readonly algorithm: string;
  /** JSON */
  readonly public_jwk: string;
  /** The private JWK, sealed. */
  readonly private_sealed: string;
  readonly published_at: number;
  /** From when it signs: at least a day after it was published, but for the first. */
  readonly signs_from: number;
}

/** The room's tables for Kysely. */
export interface SessionTables extends Tables {
  readonly identity_sessions: SessionRow;
  readonly identity_signing_keys: SigningKeyRow;
}

/** Whose rows they hold: a person's sessions are of the installation, and carry the organization they act in. */
export const sessionTables: Readonly<Record<string, TableScope>> = {
  identity_sessions: "instance",
  identity_signing_keys: "instance",
};

/** The kind under which a new signing key is told. */
export const SIGNING_KEY_CHANGES = "identity.signingKey";
