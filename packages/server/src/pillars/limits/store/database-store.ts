import { Buffer } from "node:buffer";
import { sha256 } from "portico/kernel";
import type { PluginContext, Tx } from "portico/kernel";
import { givenBack, reserveFrom } from "./arithmetic.ts";
import type { Count } from "./arithmetic.ts";
import type { LimitStore, Reservation } from "./limit-store.ts";
import type { LimitTables } from "./tables.ts";

/** Counts in the database: one row a count, changed under its lock by the database's own clock. */
export function databaseStore(ctx: PluginContext): LimitStore {
  return {
    reserve: (reservation) =>
      ctx.store.transaction(instance(ctx), async (tx) => {
        const name = nameOf(reservation);
        const nowMs = Math.floor(await tx.now());
        const count = await holdCount(tx, name);
        const { reserved, after, endsAt } = reserveFrom(count, reservation, nowMs);
        if (reserved.taken > 0) await write(tx, name, { ...after, ends_at: endsAt });
        return reserved;
      }),
    giveBack: ({ name, window, policy }, tokens) =>
      ctx.store.transaction(instance(ctx), async (tx) => {
        const row = nameOf({ name, window, policy });
        const count = await holdCount(tx, row);
        await write(tx, row, givenBack(count, tokens));
      }),
  };
}

/** Deletes counts that count nothing any more. */
export async function purgeCounts(ctx: PluginContext): Promise<void> {
  await ctx.store.transaction(instance(ctx), async (tx) => {
    const nowMs = Math.floor(await tx.now());
    await tx
      .db<LimitTables>()
      .deleteFrom("limits_counters")
      .where("ends_at", "<", nowMs - DAY_MS)
      .execute();
    await tx
      .db<LimitTables>()
      .deleteFrom("limits_slots")
      .where("ends_at", "<", nowMs - DAY_MS)
      .execute();
  });
}

const DAY_MS = 86_400_000;

/** Counts belong to the installation. */
export function instance(ctx: PluginContext): Parameters<PluginContext["store"]["transaction"]>[0] {
  return { scope: "instance", origin: ctx.newOrigin("limits") };
}

/** Subjects are of any length and any text; the name of a row is not. */
export function nameOf({
  name,
  window,
  policy,
}: Pick<Reservation, "name" | "window" | "policy">): string {
  const digest = Buffer.from(sha256(`${name}\n${window ?? "bucket"}`)).toString("base64url");
  return `${policy.name.slice(0, 63)} ${digest}`;
}

/** The count, locked until the transaction ends; made where there was none, so that there is a row to lock. */
export async function holdCount(tx: Tx, name: string): Promise<Count> {
  const find = () => {
    const select = tx.db<LimitTables>().selectFrom("limits_counters").select(["used", "at"]);
    return tx.forUpdate(select.where("name", "=", name)).executeTakeFirst();
  };
  const found = await find();
  if (found !== undefined) return found;
  await tx
    .db<LimitTables>()
    .insertInto("limits_counters")
    .values({ name, used: 0, at: 0, ends_at: 0 })
    .onConflict((conflict) => conflict.column("name").doNothing())
    .execute();
  return (await find()) ?? { used: 0, at: 0 };
}

async function write(
  tx: Tx,
  name: string,
  changed: Count & { readonly ends_at?: number },
): Promise<void> {
  await tx
    .db<LimitTables>()
    .updateTable("limits_counters")
    .set(changed)
    .where("name", "=", name)
    .execute();
}
