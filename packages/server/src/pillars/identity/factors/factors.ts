import type { PluginContext, Read, Tx } from "portico/kernel";
import { raise } from "./errors.ts";
import type { FactorsFace, FactorState } from "./face.ts";
import { noGuesses, oneMore, waitOf } from "./guesses.ts";
import { hashRecoveryCode, readRecoveryCode } from "./recovery-codes.ts";
import { settingsOf } from "./settings.ts";
import type { FactorTables, TotpRow } from "./tables.ts";
import { organizationsOf, tell } from "./tell.ts";
import { isTotpCode, stepOf } from "./totp.ts";

/** How a one-time code was met. */
type Met = "right" | "wrong" | { readonly waitMs: number };

/** Second factors over one store. */
export class FactorRoom implements FactorsFace {
  readonly #ctx: PluginContext;

  constructor(ctx: PluginContext) {
    this.#ctx = ctx;
  }

  async needed(userId: string): Promise<boolean> {
    const row = await totpOf(this.#ctx.store.read("instance"), userId);
    return row !== undefined && row.confirmed_at !== null;
  }

  async verify(userId: string, code: string): Promise<boolean> {
    const typed = code.replaceAll(/\s/g, "");
    return isTotpCode(typed)
      ? await this.takeTotp(userId, typed, "active")
      : await this.#takeRecoveryCode(userId, code);
  }

  async state(userId: string): Promise<FactorState> {
    const read = this.#ctx.store.read("instance");
    const row = await totpOf(read, userId);
    const codes = await read
      .db<FactorTables>()
      .selectFrom("identity_recovery_codes")
      .select(["created_at", "used_at"])
      .where("user_id", "=", userId)
      .execute();
    return {
      totp: row === undefined ? "none" : row.confirmed_at === null ? "pending" : "active",
      totpSince: row?.confirmed_at ?? null,
      recoveryCodesLeft: codes.filter((each) => each.used_at === null).length,
      recoveryCodesSince: codes[0]?.created_at ?? null,
    };
  }

  removeAll(userId: string, tx: Tx): Promise<boolean> {
    return deleteFactors(userId, tx);
  }

  // The count of a wrong code and the use of a right one are a durable transaction each, before anything follows from it.
  async takeTotp(userId: string, code: string, of: "active" | "pending"): Promise<boolean> {
    const met = await this.#change(async (tx, nowMs) => {
      const row = await heldRow(tx, userId);
      if (row === undefined || (row.confirmed_at === null) !== (of === "pending")) return "wrong";
      return await this.#meet(row, code, { tx, nowMs });
    });
    if (typeof met === "string") return met === "right";
    const seconds = Math.ceil(met.waitMs / 1_000);
    throw raise("identity.tooManyCodes", {
      params: { seconds },
      headers: { "retry-after": String(seconds) },
    });
  }

  async #meet(
    row: TotpRow,
    code: string,
    { tx, nowMs }: { readonly tx: Tx; readonly nowMs: number },
  ): Promise<Met> {
    const waitMs = waitOf(row, nowMs);
    if (waitMs > 0) return { waitMs };
    const { user_id: userId, secret } = row;
    const step = stepOf(code, openSecret(this.#ctx, userId, secret), nowMs);
    if (step !== undefined && (await useStep(tx, row, step))) return "right";
    const { guessesFree } = settingsOf(this.#ctx);
    const guesses = oneMore(row, nowMs, guessesFree);
    await tx
      .db<FactorTables>()
      .updateTable("identity_totp")
      .set(guesses)
      .where("user_id", "=", userId)
      .execute();
    // Whoever guesses codes has the password: told once, when the waits begin.
    if (guesses.failures === guessesFree)
      tx.enqueue("mailFactor", { userId, template: "codesGuessed" });
    return "wrong";
  }

  async #takeRecoveryCode(userId: string, typed: string): Promise<boolean> {
    const code = readRecoveryCode(typed);
    if (code === undefined) return false;
    const hash = hashRecoveryCode(code, userId, this.#ctx);
    const organizations = await organizationsOf(userId, this.#ctx);
    return await this.#change(async (tx, nowMs) => {
      const db = tx.db<FactorTables>();
      const { numUpdatedRows: used } = await db
        .updateTable("identity_recovery_codes")
        .set({ used_at: nowMs })
        .where("user_id", "=", userId)
        .where("hash", "=", hash)
        .where("used_at", "is", null)
        .executeTakeFirst();
      if (Number(used) === 0) return false;
      const left = await codesLeft(tx, userId);
      tell({ type: "user.recoveryCodeUsed", data: { id: userId, left } }, organizations, tx);
      tx.audit({ action: "mfa.recoveryCodeUsed", target: userId, after: { left } });
      const values = { left: String(left) };
      tx.enqueue("mailFactor", { userId, template: "recoveryCodeUsed", values });
      return true;
    });
  }

  #change<TValue>(run: (tx: Tx, nowMs: number) => Promise<TValue>): Promise<TValue> {
    const origin = this.#ctx.newOrigin("portico");
    return this.#ctx.store.transaction({ scope: "instance", origin }, (tx) =>
      run(tx, Math.floor(this.#ctx.clock.now())),
    );
  }
}

/** The app of a person. */
export async function totpOf(read: Read, userId: string): Promise<TotpRow | undefined> {
  return await read
    .db<FactorTables>()
    .selectFrom("identity_totp")
    .selectAll()
    .where("user_id", "=", userId)
    .executeTakeFirst();
}

/** Deletes what a person has set up; true when there was an app. */
export async function deleteFactors(userId: string, tx: Tx): Promise<boolean> {
  const db = tx.db<FactorTables>();
  await db.deleteFrom("identity_recovery_codes").where("user_id", "=", userId).execute();
  const { numDeletedRows: removed } = await db
    .deleteFrom("identity_totp")
    .where("user_id", "=", userId)
    .executeTakeFirst();
  return Number(removed) > 0;
}

/** Seals a secret, bound to its person's row. */
export function sealSecret(ctx: PluginContext, userId: string, secret: string): string {
  return ctx.secrets.seal(secret, ["identity_totp", "secret", userId]);
}

function openSecret(ctx: PluginContext, userId: string, sealed: string): string {
  return ctx.secrets.open(sealed, ["identity_totp", "secret", userId]);
}

/** The row, which nobody else changes until the transaction ends. */
async function heldRow(tx: Tx, userId: string): Promise<TotpRow | undefined> {
  const select = tx
    .db<FactorTables>()
    .selectFrom("identity_totp")
    .selectAll()
    .where("user_id", "=", userId);
  return await tx.forUpdate(select).executeTakeFirst();
}

/** Moves the newest used step on; false when it, or a newer one, was used already. */
async function useStep(tx: Tx, row: TotpRow, step: number): Promise<boolean> {
  const { numUpdatedRows: moved } = await tx
    .db<FactorTables>()
    .updateTable("identity_totp")
    .set({ last_step: step, ...noGuesses })
    .where("user_id", "=", row.user_id)
    .where("secret", "=", row.secret)
    .where("last_step", "<", step)
    .executeTakeFirst();
  return Number(moved) === 1;
}

async function codesLeft(tx: Tx, userId: string): Promise<number> {
  const rows = await tx
    .db<FactorTables>()
    .selectFrom("identity_recovery_codes")
    .select("hash")
    .where("user_id", "=", userId)
    .where("used_at", "is", null)
    .execute();
  return rows.length;
}
