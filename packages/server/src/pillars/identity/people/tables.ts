import type { Tables } from "portico/kernel";

/** One account at rest. Times are milliseconds since 1970; JSON is text. */
export interface PersonRow {
  readonly id: string;
  /** As it was written. */
  readonly username: string;
  /** {@link username} after case folding: unique. */
  readonly username_key: string;
  /** What {@link username} looks like: unique, so that nobody looks like somebody else. */
  readonly username_skeleton: string;
  readonly display_name: string;
  readonly email: string | null;
  readonly email_key: string | null;
  /** {@link email_key} once it was shown to be theirs: unique. Anybody may claim an address, one account has it. */
  readonly verified_key: string | null;
  readonly state: "active" | "suspended" | "deleted";
  /** In PHC form; null for who signs in elsewhere. */
  readonly password_hash: string | null;
  readonly password_at: number | null;
  /** JSON. */
  readonly instance_permissions: string;
  /** JSON, the person's own. */
  readonly settings: string;
  readonly suspended_reason: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly revision: number;
}

/** A link that was mailed, or printed by the command line. */
export interface LinkRow {
  /** SHA-256 of its token, in hexadecimal: 256 random bits need no slow hash. */
  readonly hash: string;
  readonly person: string;
  readonly purpose: "reset" | "verify";
  /** The address it was sent to; null for one that was printed. */
  readonly email_key: string | null;
  readonly created_at: number;
  readonly expires_at: number;
}

/** How much was guessed at one account, from one address or one device. */
export interface BrakeRow {
  /** A bucket of what is counted, keyed by a secret of the installation. */
  readonly bucket: string;
  readonly failures: number;
  readonly last_at: number;
  /** Before this time no further try is taken. */
  readonly until: number;
}

/** The room's tables for Kysely. */
export interface PeopleTables extends Tables {
  readonly identity_people: PersonRow;
  readonly identity_links: LinkRow;
  readonly identity_brakes: BrakeRow;
}
