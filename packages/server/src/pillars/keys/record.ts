import type { Caller } from "portico/kernel";
import type { KeyRow } from "./tables.ts";
import { readList } from "./view.ts";

/** A key in memory: what a check of it needs, prepared so that a repeated check makes nothing new. */
export interface KeyRecord {
  readonly id: string;
  readonly organization: string;
  readonly hash: Uint8Array;
  readonly expiresAt: number | null;
  readonly isRevoked: boolean;
  readonly caller: Caller;
  readonly name: string;
  readonly userId: string | null;
  /** Set when the row has changed since: the record must not be used any more. */
  isDropped: boolean;
  /** True while its use waits to be written down. */
  isUsed: boolean;
}

/** Makes the record of a row. */
export function toRecord(row: KeyRow): KeyRecord {
  return {
    id: row.id,
    organization: row.organization,
    hash: row.hash,
    expiresAt: row.expires_at,
    isRevoked: row.revoked_at !== null,
    name: row.name,
    userId: row.user_id,
    isDropped: false,
    isUsed: false,
    caller: {
      kind: "key",
      organization: row.organization,
      subject: row.id,
      name: row.name,
      permissions: readList(row.permissions),
      instancePermissions: readList(row.instance_permissions),
      environment: row.environment,
      ...(row.rate_limit === null ? {} : { limits: [`${row.rate_limit}/min`] }),
    },
  };
}
