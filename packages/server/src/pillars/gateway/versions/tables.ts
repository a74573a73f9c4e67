import type { Tables } from "portico/kernel";

/** Who has called one version of an API, or one outdated route of it. */
export interface VersionCallerRow {
  readonly api: string;
  readonly version: string;
  /** Empty for callers beyond what was told apart. */
  readonly organization: string;
  readonly subject: string;
  /** The route's id, where the route is outdated by itself; else empty. */
  readonly route: string;
  readonly kind: string;
  readonly calls: number;
  /** Milliseconds since 1970. */
  readonly first_at: number;
  readonly last_at: number;
}

/** The tables of this room for Kysely. */
export interface VersionCallerTables extends Tables {
  readonly gateway_version_callers: VersionCallerRow;
}
