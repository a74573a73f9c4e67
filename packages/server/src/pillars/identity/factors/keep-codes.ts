import type { PluginContext, Tx } from "portico/kernel";
import { hashRecoveryCode, readRecoveryCode } from "./recovery-codes.ts";
import type { FactorTables } from "./tables.ts";

/** New recovery codes and whose. */
export interface NewCodes {
  readonly userId: string;
  readonly codes: readonly string[];
}

/** Keeps the hashes of new recovery codes in the place of all before. */
export async function keepRecoveryCodes(
  { userId, codes }: NewCodes,
  tx: Tx,
  ctx: PluginContext,
): Promise<void> {
  const db = tx.db<FactorTables>();
  await db.deleteFrom("identity_recovery_codes").where("user_id", "=", userId).execute();
  const created_at = Math.floor(ctx.clock.now());
  const rows = codes.map((code) => ({
    user_id: userId,
    hash: hashRecoveryCode(readRecoveryCode(code) ?? code, userId, ctx),
    created_at,
    used_at: null,
  }));
  await db.insertInto("identity_recovery_codes").values(rows).execute();
}
