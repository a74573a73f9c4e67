import { DEFAULT_ORGANIZATION, job } from "portico/kernel";
import type { PluginContext, Tx } from "portico/kernel";
import { Type } from "typebox";
import { settingsOf } from "./settings.ts";
import type { SourceTables } from "./tables.ts";

const UPKEEP_MS = 10 * 60_000;
const DAY_MS = 86_400_000;
const BATCH = 500;

/** Once in ten minutes, whichever process runs it: it never ends, but sleeps until it is needed again. */
export const forget = job({
  input: Type.Object({}),
  timeoutMs: 120_000,
  cancellable: false,
  // It is needed for as long as there is a server, whatever happened to the database meanwhile.
  attempts: Number.MAX_SAFE_INTEGER,
  backoffMs: () => UPKEEP_MS,
  async run({ ctx, signal }) {
    await forgetMessages(ctx, signal);
    return { kind: "snooze", afterMs: UPKEEP_MS };
  },
});

/** Deletes messages that are older than the operator keeps them, some at a time, of every organization. */
export async function forgetMessages(ctx: PluginContext, signal?: AbortSignal): Promise<void> {
  const before = ctx.clock.now() - settingsOf(ctx).messageDays * DAY_MS;
  for (const organization of await organizationsWithOld(ctx, before)) {
    let count = BATCH;
    while (count === BATCH && signal?.aborted !== true) {
      const options = { scope: { organization }, origin: ctx.newOrigin("sources") };
      count = await ctx.store.transaction(options, (tx) => forgetSome(tx, before));
    }
  }
}

async function organizationsWithOld(
  ctx: PluginContext,
  before: number,
): Promise<readonly string[]> {
  const rows = await ctx.store
    .read("instance")
    .db<{ sources_messages: { organization: string; receivedAt: number } }>()
    .selectFrom("sources_messages")
    .select("organization")
    .distinct()
    .where("receivedAt", "<", before)
    .execute();
  return rows.map(({ organization }) => organization);
}

async function forgetSome(tx: Tx, before: number): Promise<number> {
  const db = tx.db<SourceTables>();
  const old = await db
    .selectFrom("sources_messages")
    .select("id")
    .where("receivedAt", "<", before)
    .orderBy("receivedAt")
    .limit(BATCH)
    .execute();
  if (old.length === 0) return 0;
  const ids = old.map(({ id }) => id);
  await db.deleteFrom("sources_messages").where("id", "in", ids).execute();
  return old.length;
}

/** Makes sure that the job is there. */
export async function beginForgetting(ctx: PluginContext): Promise<void> {
  const options = {
    scope: { organization: DEFAULT_ORGANIZATION },
    origin: ctx.newOrigin("sources"),
  };
  await ctx.store.transaction(options, (tx) => {
    tx.enqueue("forget", {}, { unique: "forget", priority: 9 });
    return Promise.resolve();
  });
}
