import { Buffer } from "node:buffer";
import { sha256, toRfc3339 } from "portico/kernel";
import type { PluginContext, Tx } from "portico/kernel";
import { raise } from "./errors.ts";
import { writeKey } from "./format.ts";
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
  readonly rateLimit: number | null;
  readonly userId: string | null;
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
 * Makes a key and what is stored of it. Throws `keys.unknownEnvironment`, `keys.expiryPast`, `keys.metadataTooLarge`.
 */
export function makeKey(key: NewKey, ctx: PluginContext): MadeKey {
  const { prefix, environments } = settingsOf(ctx);
  const { environment, expiresAt } = key;
  const nowMs = Math.floor(ctx.clock.now());
  if (!environments.includes(environment)) {
    const known = environments.join(", ");
    throw raise("keys.unknownEnvironment", { params: { got: environment, known } });
  }
  if (expiresAt !== null && expiresAt <= nowMs) {
    throw raise("keys.expiryPast", { params: { got: toRfc3339(expiresAt) } });
  }
  const id = ctx.makeId("key");
  const text = writeKey({ prefix, environment, id }, ctx.fillRandom);
  return {
    text,
    row: {
      id,
      name: key.name,
      hash: sha256(text),
      permissions: JSON.stringify(key.permissions),
      instance_permissions: JSON.stringify(key.instancePermissions ?? []),
      environment,
      rate_limit: key.rateLimit,
      user_id: key.userId,
      metadata: writeMetadata(key.metadata),
      created_at: nowMs,
      created_by: key.createdBy,
      expires_at: expiresAt,
      revoked_at: null,
      last_used_at: null,
      revision: 1,
    },
  };
}

function writeMetadata(metadata: NewKey["metadata"]): string {
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
