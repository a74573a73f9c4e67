import type { TableScope } from "portico/kernel";

/** The authenticator app of one person. Times are milliseconds since 1970, UTC. */
export interface TotpRow {
  readonly user_id: string;
  /** The secret, sealed. */
  readonly secret: string;
  /** Null until a code has shown that the app has the secret. */
  readonly confirmed_at: number | null;
  /** The newest time step whose code was used; a code of it or of an older one opens nothing. */
  readonly last_step: number;
  /** Wrong codes since the last right one, or since a day of rest. */
  readonly failures: number;
  readonly failed_at: number;
  /** Before this time no further code is looked at. */
  readonly waits_until: number;
  readonly created_at: number;
}

/** One recovery code. */
export interface RecoveryCodeRow {
  readonly user_id: string;
  /** HMAC of the code under a key of the installation, in hexadecimal. */
  readonly hash: string;
  readonly created_at: number;
  /** Null while it is good. */
  readonly used_at: number | null;
}

/** The room's tables, for Kysely. */
export interface FactorTables {
  readonly identity_totp: TotpRow;
  readonly identity_recovery_codes: RecoveryCodeRow;
}

/** Whose rows they hold: a person's, whatever organization they act in. */
export const factorTables: Readonly<Record<keyof FactorTables, TableScope>> = {
  identity_totp: "instance",
  identity_recovery_codes: "instance",
};
