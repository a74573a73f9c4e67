import type { PluginContext, Tx } from "portico/kernel";
import type { InsightTables } from "../tables.ts";

const DAY_MS = 86_400_000;
const BATCH = 200;

/** How long errors are kept, and how many of an organization. */
export interface ErrorRetention {
  readonly days: number;
  readonly groupsMax: number;
}

/** Deletes errors that did not happen for long, and those beyond the number that is kept; with all that hangs on them. */
export async function forgetErrors(
  ctx: PluginContext,
  { days, groupsMax }: ErrorRetention,
): Promise<void> {
  const before = ctx.clock.now() - days * DAY_MS;
  const all = await ctx.store
    .read("instance")
    .db<InsightTables & { insight_errors: { organization: string } }>()
    .selectFrom("insight_errors")
    .select((row) => ["organization", row.fn.countAll().as("count")])
    .groupBy("organization")
    .execute();
  for (const { organization, count } of all) {
    const origin = ctx.newOrigin("insight");
    const tooMany = Math.max(0, Number(count) - groupsMax);
    await ctx.store.transaction({ scope: { organization }, origin }, async (tx) => {
      await forgetIn(tx, { before, tooMany });
    });
  }
}

async function forgetIn(
  tx: Tx,
  { before, tooMany }: { readonly before: number; readonly tooMany: number },
): Promise<void> {
  const oldest = await tx
    .db<InsightTables>()
    .selectFrom("insight_errors")
    .select(["fingerprint", "last_at"])
    .orderBy("last_at")
    .limit(Math.max(BATCH, tooMany))
    .execute();
  const gone = oldest
    .filter(({ last_at }, index) => last_at < before || index < tooMany)
    .slice(0, BATCH)
    .map(({ fingerprint }) => fingerprint);
  if (gone.length === 0) return;
  for (const table of [
    "insight_error_samples",
    "insight_error_callers",
    "insight_errors",
  ] as const) {
    await tx.db<InsightTables>().deleteFrom(table).where("fingerprint", "in", gone).execute();
  }
}
