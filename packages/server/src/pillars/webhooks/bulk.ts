import type { Kysely } from "kysely";
import { isProblem, job, Jobs } from "portico/kernel";
import type {
  Caller,
  JobOutcome,
  JobRun,
  PluginContext,
  Read,
  Statement,
  Tx,
} from "portico/kernel";
import { BulkInput, placeOf } from "./bulk-step.ts";
import type { BulkPlace, BulkStep } from "./bulk-step.ts";
import { raise } from "./errors.ts";
import { findActive } from "./find.ts";
import { recoverStep } from "./recover.ts";
import { replayStep } from "./replay.ts";
import { settingsOf } from "./settings.ts";
import type { WebhookTables } from "./tables.ts";

const steps: Readonly<Record<BulkInput["kind"], (at: BulkPlace) => Promise<BulkStep>>> = {
  recover: recoverStep,
  retry: recoverStep,
  replay: replayStep,
  missing: replayStep,
};

const removeRow: Statement<{ job: string }> = {
  name: "webhooks.removeBulk",
  build: (db, param) =>
    (db as unknown as Kysely<WebhookTables>)
      .deleteFrom("webhooks_bulks")
      .where("job", "=", param("job")),
};

/**
 * Puts many deliveries in line, some hundred a run, behind everything that happens now. Its place is in a row of its own,
 * moved with what it writes: whatever ends a run in between, the next goes on where the row says.
 */
export const bulk = job({
  input: BulkInput,
  attempts: 1_000_000,
  backoffMs: (attempt) => Math.min(1_000 * 2 ** Math.min(attempt, 6), 60_000),
  reports: "everything",
  shows: ["kind", "webhook", "types", "subject", "channel"],
  run: runStep,
  quarantined: ({ id }, batch) => {
    batch.write(removeRow, { job: id });
  },
});

type Run = JobRun<BulkInput>;

async function runStep(run: Run): Promise<JobOutcome> {
  const { ctx, organization, input, origin, id, progress } = run;
  const row = await readRow(ctx.store.read({ organization }), placeOf(input));
  // It was done, or given up for another.
  if (row?.job !== id) return { kind: "done" };
  const obstacle = await obstacleOf(run);
  if (obstacle !== undefined) {
    return { kind: "fail", error: obstacle, with: (batch) => batch.write(removeRow, { job: id }) };
  }
  const step = await steps[input.kind]({ ctx, organization, input, origin, cursor: row.cursor });
  const added = await ctx.store.transaction({ scope: { organization }, origin }, async (tx) => {
    const count = await step.write(tx);
    const isOurs = await moveRow(tx, row, {
      cursor: step.next,
      done: row.done + count,
      now: ctx.clock.now(),
    });
    // Whoever has the place now has its own cursor: what this run would add, it adds.
    if (!isOurs) throw raise("webhooks.bulkLost", { params: { job: id } });
    return count;
  });
  progress({ done: row.done + added });
  if (step.next === undefined) return { kind: "done" };
  return { kind: "snooze", afterMs: Math.ceil((added * 1_000) / settingsOf(ctx).bulkPerSecond) };
}

/** Why a job for one webhook cannot go on. */
async function obstacleOf({ ctx, organization, input }: Run): Promise<string | undefined> {
  if (input.webhook === "") return undefined;
  const webhook = await ctx.store
    .read({ organization })
    .db<WebhookTables>()
    .selectFrom("webhooks_webhooks")
    .select("isActive")
    .where("id", "=", input.webhook)
    .executeTakeFirst();
  if (webhook === undefined) return "The webhook was deleted.";
  return webhook.isActive === 1 ? undefined : "The webhook was disabled.";
}

interface Row {
  readonly place: string;
  readonly job: string;
  readonly cursor: string;
  readonly done: number;
}

async function readRow(read: Pick<Read, "db">, place: string): Promise<Row | undefined> {
  return await read
    .db<WebhookTables>()
    .selectFrom("webhooks_bulks")
    .select(["place", "job", "cursor", "done"])
    .where("place", "=", place)
    .executeTakeFirst();
}

/** Moves the place on, or removes it at the end; false when it is another's, or further on. */
async function moveRow(
  tx: Tx,
  row: Row,
  to: { readonly cursor: string | undefined; readonly done: number; readonly now: number },
): Promise<boolean> {
  const db = tx.db<WebhookTables>();
  const { cursor, done, now: updatedAt } = to;
  if (cursor === undefined) {
    const { numDeletedRows } = await db
      .deleteFrom("webhooks_bulks")
      .where("place", "=", row.place)
      .where("job", "=", row.job)
      .where("cursor", "=", row.cursor)
      .executeTakeFirst();
    return Number(numDeletedRows) === 1;
  }
  const { numUpdatedRows } = await db
    .updateTable("webhooks_bulks")
    .set({ cursor, done, updatedAt })
    .where("place", "=", row.place)
    .where("job", "=", row.job)
    .where("cursor", "=", row.cursor)
    .executeTakeFirst();
  return Number(numUpdatedRows) === 1;
}

/** The job that has the place and has ended without leaving it, as one that was cancelled does. */
export async function endedBulk(
  { ctx, read }: { readonly ctx: PluginContext; readonly read: Read },
  { organization, place }: { readonly organization: string; readonly place: string },
): Promise<string | undefined> {
  const row = await readRow(read, place);
  if (row === undefined) return undefined;
  try {
    const { endedAt } = await ctx.get(Jobs).get(organization, row.job);
    return endedAt === null ? undefined : row.job;
  } catch (error) {
    if (isProblem(error) && error.code === "jobs.notFound") return row.job;
    throw error;
  }
}

/** {@link endedBulk} of the webhook that a request names. Raises `webhooks.notFound` and `webhooks.inactive`. */
export async function endedBulkOf(
  webhook: string,
  asked: { readonly caller: Caller; readonly read: Read; readonly ctx: PluginContext },
): Promise<string | undefined> {
  const { organization } = asked.caller;
  const { id } = await findActive(asked.read, webhook, asked.caller);
  return await endedBulk(asked, { organization, place: id });
}

/** Begins a bulk job and gives its id. Raises `webhooks.bulkRunning` while the place is another's; `ended` gives it up. */
export async function beginBulk(
  tx: Tx,
  input: BulkInput,
  { ctx, ended }: { readonly ctx: PluginContext; readonly ended: string | undefined },
): Promise<string> {
  const db = tx.db<WebhookTables>();
  const place = placeOf(input);
  if (ended !== undefined) {
    await db
      .deleteFrom("webhooks_bulks")
      .where("place", "=", place)
      .where("job", "=", ended)
      .execute();
  }
  const job = tx.enqueue("bulk", input, { priority: 8 });
  const { numInsertedOrUpdatedRows: inserted } = await db
    .insertInto("webhooks_bulks")
    .values({ place, job, cursor: "", done: 0, updatedAt: ctx.clock.now() })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (Number(inserted) === 1) return job;
  const running = (await readRow(tx, place))?.job ?? "";
  throw raise("webhooks.bulkRunning", { params: { job: running } });
}
