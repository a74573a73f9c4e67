import type { PluginContext, Tx } from "portico/kernel";
import type { SessionTables } from "./tables.ts";

/** Rows that one transaction removes at most. */
const BATCH = 200;
/** Batches of one call at most: what is left is the next call's. */
const BATCHES_MAX = 500;

/** Whose sessions; all when both are left out. */
export interface CleanupScope {
  readonly userId?: string;
  readonly organization?: string;
}

/** Removes sessions that have lived out, in small transactions. Answers how many. */
export async function cleanUp(scope: CleanupScope, ctx: PluginContext): Promise<number> {
  let removed = 0;
  for (let batch = 0; batch < BATCHES_MAX; batch += 1) {
    const count = await ctx.store.transaction(
      { scope: "instance", origin: ctx.newOrigin("identity") },
      (tx) => removeBatch(scope, Math.floor(ctx.clock.now()), tx),
    );
    removed += count;
    if (count < BATCH) return removed;
  }
  return removed;
}

async function removeBatch(
  { userId, organization }: CleanupScope,
  now: number,
  tx: Tx,
): Promise<number> {
  const db = tx.db<SessionTables>();
  let select = db.selectFrom("identity_sessions").select("id").where("ends_at", "<=", now);
  if (userId !== undefined) select = select.where("user_id", "=", userId);
  if (organization !== undefined) select = select.where("organization", "=", organization);
  const { numDeletedRows } = await db
    .deleteFrom("identity_sessions")
    // Once more in the delete itself: a use that was written down meanwhile keeps its session.
    .where("ends_at", "<=", now)
    .where("id", "in", select.orderBy("ends_at").limit(BATCH))
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
}
