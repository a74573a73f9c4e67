import type { PluginContext, Tx } from "portico/kernel";
import { holdCount, instance, nameOf } from "./database-store.ts";
import type { SlotStore, SlotWish } from "./slot-store.ts";
import type { LimitTables } from "./tables.ts";

/**
 * Slots in the database: one row a count and process. Who claims holds the count's own row until the commit, and takes
 * rows out whose lease has ended: a renewal that comes later finds nothing to renew.
 */
export function databaseSlots(ctx: PluginContext): SlotStore {
  const holder = ctx.makeId("limiter");
  /** The names of counts by the names of their rows. */
  const names = new Map<string, string>();
  return {
    claim: (wish) =>
      ctx.store.transaction(instance(ctx), async (tx) => {
        const row = nameOf({ ...wish, window: undefined });
        const answer = await claim(tx, { ...wish, holder, row });
        if (answer.held > 0) names.set(row, wish.name);
        else names.delete(row);
        return answer;
      }),
    renew: (leaseMs) =>
      ctx.store.transaction(instance(ctx), async (tx) => {
        const nowMs = Math.floor(await tx.now());
        const rows = await tx
          .db<LimitTables>()
          .updateTable("limits_slots")
          .set({ ends_at: nowMs + leaseMs })
          .where("holder", "=", holder)
          .where("ends_at", ">", nowMs)
          .returning("name")
          .execute();
        return new Set(rows.flatMap(({ name }) => names.get(name) ?? []));
      }),
    leave: () =>
      ctx.store.transaction(instance(ctx), async (tx) => {
        await tx
          .db<LimitTables>()
          .deleteFrom("limits_slots")
          .where("holder", "=", holder)
          .execute();
      }),
  };
}

interface Claim extends SlotWish {
  readonly holder: string;
  readonly row: string;
}

async function claim(
  tx: Tx,
  { policy, wanted, leaseMs, holder, row }: Claim,
): Promise<{ readonly held: number; readonly free: number }> {
  await holdCount(tx, row);
  const db = tx.db<LimitTables>();
  const nowMs = Math.floor(await tx.now());
  await db
    .deleteFrom("limits_slots")
    .where("name", "=", row)
    .where((where) => where.or([where("ends_at", "<=", nowMs), where("holder", "=", holder)]))
    .execute();
  const others = await db
    .selectFrom("limits_slots")
    .select("slots")
    .where("name", "=", row)
    .execute();
  const left = Math.max(0, policy.limit - others.reduce((sum, { slots }) => sum + slots, 0));
  const held = Math.min(wanted, left);
  if (held > 0) {
    const values = { name: row, holder, slots: held, ends_at: nowMs + leaseMs };
    await db.insertInto("limits_slots").values(values).execute();
  }
  return { held, free: left - held };
}
