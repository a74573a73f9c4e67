import { Type } from "typebox";
import { job } from "portico/kernel";
import type { JobOutcome, JobRun, LogEvent, PluginContext, Tx } from "portico/kernel";
import { CHUNK, insertDeliveries, withoutKnown } from "./insert.ts";
import type { Match } from "./insert.ts";
import { matchOne, readSubscribers } from "./subscribers.ts";
import type { BacklogRow, WebhookTables } from "./tables.ts";

/** After so long the job gives its slot back; the rest is another run's. */
const RUN_MS = 10_000;

/** Whether events of this organization wait to be handed on. */
export async function hasBacklog(tx: Tx): Promise<boolean> {
  const first = await tx
    .db<WebhookTables>()
    .selectFrom("webhooks_backlog")
    .select("seq")
    .limit(1)
    .executeTakeFirst();
  return first !== undefined;
}

/** Puts the matched events behind what waits already, with a job that hands them on. */
export async function appendBacklog(matches: readonly Match[], tx: Tx): Promise<void> {
  const events = new Map<string, LogEvent>(matches.map(({ event }) => [event.id, event]));
  await tx
    .db<WebhookTables>()
    .insertInto("webhooks_backlog")
    .values([...events.values()].map(({ seq, id }) => ({ seq, event: id, after: "" })))
    // Handled again, after the cursor was set back.
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const organization = matches[0]?.event.organization;
  // Not unique: the job of another batch may be about to end, having seen that nothing waits.
  if (organization !== undefined) tx.enqueue("fanOutRest", {}, { key: organization });
}

/** Hands on what waits, webhook by webhook in pieces, each piece a transaction with its own progress. */
export const fanOutRest = job({
  input: Type.Object({}),
  attempts: 1_000_000,
  backoffMs: (attempt) => Math.min(1_000 * 2 ** Math.min(attempt, 10), 60_000),
  timeoutMs: 60_000,
  concurrency: 1,
  // Without it, events that were accepted would reach some of their webhooks only.
  cancellable: false,
  run: handOn,
});

async function handOn(run: JobRun<object>): Promise<JobOutcome> {
  const { ctx, signal } = run;
  const startedMs = ctx.clock.monotonic();
  while (!signal.aborted) {
    if (!(await handOnPiece(run))) return { kind: "done" };
    if (ctx.clock.monotonic() - startedMs >= RUN_MS) break;
  }
  return { kind: "snooze", afterMs: 0 };
}

/** The next piece of the first event that waits; false when none does. */
async function handOnPiece({ ctx, organization, origin }: JobRun<object>): Promise<boolean> {
  const scope = { organization };
  const row = await firstOf(ctx, organization);
  if (row === undefined) return false;
  const event = await ctx.log.find(organization, row.event);
  await ctx.store.transaction({ scope, origin }, async (tx) => {
    const webhooks =
      event === undefined ? [] : await readSubscribers(tx, { after: row.after, limit: CHUNK });
    const last = webhooks.length < CHUNK ? undefined : webhooks.at(-1);
    if (!(await moveOn(tx, row, last?.id)) || event === undefined) return;
    const matches = await withoutKnown(matchOne(event, webhooks), tx);
    await insertDeliveries(matches, tx, { ctx });
  });
  return true;
}

async function firstOf(ctx: PluginContext, organization: string): Promise<BacklogRow | undefined> {
  return await ctx.store
    .read({ organization })
    .db<WebhookTables>()
    .selectFrom("webhooks_backlog")
    .select(["seq", "event", "after"])
    .orderBy("seq")
    .limit(1)
    .executeTakeFirst();
}

/** False when another run has done this piece: a run that was taken for dead may still be on its way. */
async function moveOn(tx: Tx, row: BacklogRow, after: string | undefined): Promise<boolean> {
  const db = tx.db<WebhookTables>();
  if (after === undefined) {
    const { numDeletedRows } = await db
      .deleteFrom("webhooks_backlog")
      .where("seq", "=", row.seq)
      .where("after", "=", row.after)
      .executeTakeFirst();
    return Number(numDeletedRows) === 1;
  }
  const { numUpdatedRows } = await db
    .updateTable("webhooks_backlog")
    .set({ after })
    .where("seq", "=", row.seq)
    .where("after", "=", row.after)
    .executeTakeFirst();
  return Number(numUpdatedRows) === 1;
}
