import { Buffer } from "node:buffer";
import { sha256, toRfc3339 } from "portico/kernel";
import type { PluginContext, RateLimits, Tx } from "portico/kernel";
import { readNetwork } from "./allow.ts";
import { raise } from "./errors.ts";
import { writeKey } from "./format.ts";
import { checkLimits, limitColumns } from "./limits.ts";
import type { Quota } from "./limits.ts";
import { settingsOf } from "./settings.ts";
import type { KeyRow, KeyTables } from "./tables.ts";

/** Bytes of JSON that a key's metadata may have. */
const METADATA_BYTES_MAX = 8_192;

/** What a new key is to be. */
export interface NewKey {
  readonly name: string;
  readonly permissions: readonly string[];
  /** Over the installation; only the command line gives these. */
  readonly instancePermissions?: readonly string[];
  readonly environment: string;
  /** Requests per minute, or any other limit. */
  readonly rateLimit: RateLimits | null;
  readonly quotas?: readonly Quota[];
  readonly userId: string | null;
  /** Networks it may be used from; any when left out. */
  readonly ipAllow?: readonly string[] | null;
  /** Fronted API → version. */
  readonly pins?: Readonly<Record<string, string>>;
  /** Milliseconds since 1970; null for never. */
  readonly expiresAt: number | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Subject of whoever creates it. */
  readonly createdBy: string;
}

/** A key that is made but not stored: its text exists here and in the one answer, nowhere else. */
export interface MadeKey {
  readonly text: string;
  readonly row: Omit<KeyRow, "organization">;
}

/**
 * Makes a key and what is stored of it. Throws `keys.unknownEnvironment`, `keys.expiryPast`, `keys.badAddress`,
 * `keys.badLimit`, `keys.metadataTooLarge`.
 */
export function makeKey(key: NewKey, ctx: PluginContext): MadeKey {
  const { environment, expiresAt, ipAllow = null, quotas = [], pins = {} } = key;
  const nowMs = Math.floor(ctx.clock.now());
  const limits = { rateLimit: key.rateLimit, quotas };
  checkEnvironment(environment, ctx);
  checkExpiry(expiresAt, nowMs);
  checkAddresses(ipAllow);
  checkLimits(limits, ctx);
  const id = ctx.makeId("key");
  const text = makeText(id, environment, ctx);
  return {
    text,
    row: {
      id,
      name: key.name,
      hash: sha256(text),
      permissions: JSON.stringify(key.permissions),
      instance_permissions: JSON.stringify(key.instancePermissions ?? []),
      environment,
      ...limitColumns(limits),
      user_id: key.userId,
      ip_allow: ipAllow === null ? null : JSON.stringify(ipAllow),
      pins: Object.keys(pins).length === 0 ? null : JSON.stringify(pins),
      metadata: writeMetadata(key.metadata),
      created_at: nowMs,
      created_by: key.createdBy,
      expires_at: expiresAt,
      revoked_at: null,
      disabled_at: null,
      last_used_at: null,
      rotated_at: null,
      previous_hash: null,
      previous_until: null,
      previous_used_at: null,
      revision: 1,
    },
  };
}

/** A new text of a key: its id stays, its secret is new. */
export function makeText(id: string, environment: string, ctx: PluginContext): string {
  return writeKey({ prefix: settingsOf(ctx).prefix, environment, id }, ctx.fillRandom);
}

function checkEnvironment(environment: string, ctx: PluginContext): void {
  const { environments } = settingsOf(ctx);
  if (environments.includes(environment)) return;
  const known = environments.join(", ");
  throw raise("keys.unknownEnvironment", { params: { got: environment, known } });
}

/** Throws `keys.expiryPast`. */
export function checkExpiry(expiresAt: number | null, nowMs: number): void {
  if (expiresAt === null || expiresAt > nowMs) return;
  throw raise("keys.expiryPast", { params: { got: toRfc3339(expiresAt) } });
}

/** Throws `keys.badAddress` with every entry that is no address and no network. */
export function checkAddresses(ipAllow: readonly string[] | null): void {
  const wrong = (ipAllow ?? []).filter((text) => readNetwork(text) === undefined);
  if (wrong.length > 0) throw raise("keys.badAddress", { params: { got: wrong.join(", ") } });
}

/** Metadata as it is kept. Throws `keys.metadataTooLarge`. */
export function writeMetadata(metadata: NewKey["metadata"]): string {
  const text = JSON.stringify(metadata);
  const bytes = Buffer.byteLength(text);
  if (bytes <= METADATA_BYTES_MAX) return text;
  throw raise("keys.metadataTooLarge", { params: { got: bytes, max: METADATA_BYTES_MAX } });
}

/** Stores a made key: its row, `key.created`, the audit's note. */
export async function storeKey({ row }: MadeKey, organization: string, tx: Tx): Promise<KeyRow> {
  const stored: KeyRow = { organization, ...row };
  await tx.db<KeyTables>().insertInto("keys_keys").values(stored).execute();
  const { id, name, environment } = row;
  const permissions: unknown = JSON.parse(row.permissions);
  const told = { id, name, environment, permissions, userId: row.user_id };
  tx.emit("key.created", told, { subject: id });
  tx.audit({ action: "key.created", target: id, after: told });
  return stored;
}
