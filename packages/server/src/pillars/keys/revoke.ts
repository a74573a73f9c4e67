import type { Tx } from "portico/kernel";
import { KEY_CHANGES } from "./tables.ts";
import type { KeyRow, KeyTables } from "./tables.ts";

/** Which key, when, and who may refuse: `judge` throws before anything is changed. */
export interface Revocation {
  readonly id: string;
  readonly nowMs: number;
  readonly judge?: (row: KeyRow) => void;
}

/**
 * Revokes a key of the transaction's organization and gives its row; undefined when there is none. One that is revoked
 * already stays as it is: nothing is told twice.
 */
export async function revoke(
  { id, nowMs, judge }: Revocation,
  tx: Tx,
): Promise<KeyRow | undefined> {
  const db = tx.db<KeyTables>();
  const select = db.selectFrom("keys_keys").selectAll().where("id", "=", id);
  const row = await tx.forUpdate(select).executeTakeFirst();
  if (row !== undefined) judge?.(row);
  if (row === undefined || row.revoked_at !== null) return row;
  const changed = { revoked_at: nowMs, revision: row.revision + 1 };
  await db.updateTable("keys_keys").set(changed).where("id", "=", id).execute();
  tx.emit("key.revoked", { id, name: row.name }, { subject: id });
  tx.audit({
    action: "key.revoked",
    target: id,
    before: { revokedAt: null },
    after: { revokedAt: changed.revoked_at },
  });
  tx.changed(KEY_CHANGES, id);
  return { ...row, ...changed };
}
