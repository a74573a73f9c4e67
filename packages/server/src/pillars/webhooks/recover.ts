import { sql } from "kysely";
import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import type { Tx } from "portico/kernel";
import { deliverAgain, RENEWED_COLUMNS } from "./again.ts";
import type { Renewed } from "./again.ts";
import { STEP } from "./bulk-step.ts";
import type { BulkPlace, BulkStep } from "./bulk-step.ts";
import { ofType } from "./match.ts";
import type { WebhookTables } from "./tables.ts";

// The very text of the index: SQLite uses a partial one for no other.
const FAILED = sql<SqlBool>`state in ('exhausted', 'held')`;

/** The failed and held deliveries of a window, by webhook and position, each with a new round. */
export async function recoverStep(at: BulkPlace): Promise<BulkStep> {
  const { ctx, input, origin } = at;
  const rows = await failedAfter(at);
  const last = rows.length < STEP ? undefined : rows.at(-1);
  return {
    next: last === undefined ? undefined : JSON.stringify([last.webhook, last.position]),
    write: async (tx) => {
      const ids = rows.map(({ id }) => id);
      const renewed = await holdFailed(tx, { ids, owner: input.owner });
      await deliverAgain(renewed, tx, { ctx, origin, isBulk: true });
      return renewed.length;
    },
  };
}

interface Found {
  readonly id: string;
  readonly webhook: string;
  readonly position: number;
}

async function failedAfter({ ctx, organization, input, cursor }: BulkPlace): Promise<Found[]> {
  // Written by the step before.
  const [webhook, position] = cursor === "" ? ["", 0] : (JSON.parse(cursor) as [string, number]);
  let select = ctx.store
    .read({ organization })
    .db<WebhookTables>()
    .selectFrom("webhooks_deliveries")
    .select(["id", "webhook", "position"])
    .where(FAILED)
    .where("createdAt", ">=", input.since)
    .where("createdAt", "<", input.until)
    .orderBy("webhook")
    .orderBy("position")
    .limit(STEP);
  select =
    input.webhook === ""
      ? select.where((row) =>
          row.or([
            row("webhook", ">", webhook),
            row.and([row("webhook", "=", webhook), row("position", ">", position)]),
          ]),
        )
      : select.where("webhook", "=", input.webhook).where("position", ">", position);
  if (input.owner !== undefined) select = select.where(ofOwner(input.owner));
  const [type] = input.types ?? [];
  if (type !== undefined) select = select.where(ofType(type));
  // Held by those who disabled it: `retry` is about what has failed.
  if (input.kind === "retry") select = select.where("state", "=", "exhausted");
  return await select.execute();
}

/** One customer's retries neither read nor hold what is others'. */
function ofOwner(
  owner: string,
): (row: ExpressionBuilder<WebhookTables, "webhooks_deliveries">) => Expression<SqlBool> {
  return (row) =>
    row(
      "webhook",
      "in",
      row.selectFrom("webhooks_webhooks").select("id").where("owner", "=", owner),
    );
}

/** Of these, what still has failed, of webhooks that are sent to. */
async function holdFailed(
  tx: Tx,
  { ids, owner }: { readonly ids: readonly string[]; readonly owner: string | undefined },
): Promise<Renewed[]> {
  if (ids.length === 0) return [];
  const db = tx.db<WebhookTables>();
  const rows = await tx
    .forUpdate(
      db
        .selectFrom("webhooks_deliveries")
        .select(RENEWED_COLUMNS)
        .where("id", "in", ids)
        .where(FAILED)
        .orderBy("id"),
    )
    .execute();
  const webhooks = await db
    .selectFrom("webhooks_webhooks")
    .select(["id", "concurrency", "owner"])
    .where("id", "in", [...new Set(rows.map(({ webhook }) => webhook))])
    .where("isActive", "=", 1)
    .execute();
  const concurrencies = new Map(
    webhooks
      .filter((webhook) => owner === undefined || webhook.owner === owner)
      .map(({ id, concurrency }) => [id, concurrency]),
  );
  return rows
    .flatMap((row) => {
      const concurrency = concurrencies.get(row.webhook);
      return concurrency === undefined ? [] : [{ ...row, concurrency }];
    })
    .toSorted((a, b) => a.position - b.position);
}
