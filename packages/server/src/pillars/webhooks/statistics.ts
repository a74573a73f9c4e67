import { countPages, idAt, STATISTIC_PAGE } from "portico/kernel";
import type { PluginContext, Statistic, StatisticCounts, StatisticQuery } from "portico/kernel";
import { sql } from "kysely";
import type { WebhookTables } from "./tables.ts";

/** An id may be a little older than its row. */
const MARGIN_MS = 60_000;
/** Organizations that are gone through, one by one, for the whole installation. */
const ORGANIZATIONS_MAX = 500;

/** Deliveries by the time they were put in line. */
export const deliveriesMade: Statistic = {
  id: "webhooks.deliveries",
  label: "Deliveries of events to webhooks",
  unit: "deliveries",
  count: (query, ctx) => countAll(ctx, query, "rows"),
};

/** Deliveries that failed for good, by the time they were put in line. */
export const deliveriesFailed: Statistic = {
  id: "webhooks.failed",
  label: "Deliveries that failed for good",
  unit: "deliveries",
  count: (query, ctx) => countAll(ctx, query, "failed"),
};

/** All of them, or those whose tries are used up. */
type Counted = "rows" | "failed";

/** Ids sort by time within an organization: no index by time is needed that each delivery would have to pay for. */
async function countAll(
  ctx: PluginContext,
  query: StatisticQuery,
  what: Counted,
): Promise<StatisticCounts | undefined> {
  const organizations =
    query.scope === "instance" ? await organizationsOf(ctx) : [query.scope.organization];
  if (organizations.length > ORGANIZATIONS_MAX) return undefined;
  const counts = new Map<number, number>();
  for (const organization of organizations) {
    const own = await countOf(ctx, { ...query, scope: { organization } }, what);
    if (own === undefined) return undefined;
    for (const { at, count } of own.buckets) counts.set(at, (counts.get(at) ?? 0) + count);
  }
  return { buckets: [...counts].map(([at, count]) => ({ at, count })) };
}

async function organizationsOf(ctx: PluginContext): Promise<readonly string[]> {
  const rows = await ctx.store
    .read("instance")
    .db<{ webhooks_webhooks: { organization: string } }>()
    .selectFrom("webhooks_webhooks")
    .select("organization")
    .distinct()
    .limit(ORGANIZATIONS_MAX + 1)
    .execute();
  return rows.map(({ organization }) => organization);
}

function countOf(
  ctx: PluginContext,
  query: StatisticQuery,
  what: Counted,
): Promise<StatisticCounts | undefined> {
  const { scope, from, to, spanMs } = query;
  const db = ctx.store.read(scope).db<WebhookTables>();
  const end = idAt("delivery", to + MARGIN_MS);
  return countPages(query, idAt("delivery", from - MARGIN_MS), async (after) => {
    const rows = await db
      .selectFrom((inner) =>
        inner
          .selectFrom("webhooks_deliveries")
          .select(["id", "state", sql<number>`"createdAt" - "createdAt" % ${spanMs}`.as("bucket")])
          .where("id", ">", after)
          .where("id", "<", end)
          .orderBy("id")
          .limit(STATISTIC_PAGE)
          .as("page"),
      )
      .select((row) => [
        "bucket",
        row.fn.countAll().as("rows"),
        row.fn.sum(row.case().when("state", "=", "exhausted").then(1).else(0).end()).as("failed"),
        row.fn.max("id").as("last"),
      ])
      .groupBy("bucket")
      .execute();
    return rows.map((row) => ({
      at: row.bucket,
      count: Number(row[what]),
      rows: Number(row.rows),
      last: row.last,
    }));
  });
}
