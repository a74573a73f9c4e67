import type { Caller } from "portico/kernel";
import { allowList } from "./allow.ts";
import type { AllowsAddress } from "./allow.ts";
import { listIn } from "./grant.ts";
import { limitsOf, readLimits } from "./limits.ts";
import type { KeyRow } from "./tables.ts";

/** A key in memory: what a check of it needs, prepared so that a repeated check makes nothing new. */
export interface KeyRecord {
  readonly id: string;
  readonly organization: string;
  readonly hash: Uint8Array;
  readonly expiresAt: number | null;
  readonly isRevoked: boolean;
  readonly isDisabled: boolean;
  /** Undefined where it may be used from anywhere. */
  readonly allows: AllowsAddress | undefined;
  readonly caller: Caller;
  readonly name: string;
  readonly userId: string | null;
  /** The secret before the last rotation: a record of its own, with its own end. */
  readonly previous: KeyRecord | undefined;
  /** Of a previous secret: the record of the key. */
  readonly owner: KeyRecord | undefined;
  /** Set when the row has changed since: the record must not be used any more. */
  isDropped: boolean;
  /** Uses that wait to be written down. */
  uses: number;
}

/** Makes the record of a row. */
export function toRecord(row: KeyRow): KeyRecord {
  const networks = listIn(row.ip_allow);
  const record: KeyRecord & { previous: KeyRecord | undefined } = {
    id: row.id,
    organization: row.organization,
    hash: row.hash,
    expiresAt: row.expires_at,
    isRevoked: row.revoked_at !== null,
    isDisabled: row.disabled_at !== null,
    allows: networks === undefined ? undefined : allowList(networks),
    name: row.name,
    userId: row.user_id,
    previous: undefined,
    owner: undefined,
    isDropped: false,
    uses: 0,
    caller: callerOf(row),
  };
  record.previous = previousOf(row, record);
  return record;
}

function previousOf(row: KeyRow, record: KeyRecord): KeyRecord | undefined {
  const { previous_hash: hash, previous_until: until } = row;
  if (hash === null || until === null) return undefined;
  const expiresAt = record.expiresAt === null ? until : Math.min(until, record.expiresAt);
  return { ...record, hash, expiresAt, owner: record, uses: 0 };
}

function callerOf(row: KeyRow): Caller {
  const limits = limitsOf(readLimits(row));
  return {
    kind: "key",
    organization: row.organization,
    subject: row.id,
    name: row.name,
    permissions: listIn(row.permissions) ?? [],
    instancePermissions: listIn(row.instance_permissions) ?? [],
    environment: row.environment,
    ...(limits.length === 0 ? {} : { limits }),
    ...(row.user_id === null ? {} : { userId: row.user_id }),
    // Written by this pillar from an object that the schema had accepted.
    ...(row.pins === null ? {} : { pins: JSON.parse(row.pins) as Record<string, string> }),
  };
}
