import { countPages, idAt, STATISTIC_PAGE } from "portico/kernel";
import type { PluginContext, Statistic, StatisticCounts, StatisticQuery } from "portico/kernel";
import { sql } from "kysely";
import type { PeopleTables } from "./tables.ts";

/** An id may be a little older than its row. */
const MARGIN_MS = 60_000;

/** Accounts of the installation by the time they were made; of an organization, people by the time they joined it. */
export const usersCame: Statistic = {
  id: "identity.users",
  label: "People who came: new accounts, or new members of the organization",
  unit: "people",
  count: (query, ctx) => (query.scope === "instance" ? madeIn(ctx, query) : joinedIn(ctx, query)),
};

function madeIn(ctx: PluginContext, query: StatisticQuery): Promise<StatisticCounts | undefined> {
  const { from, to, spanMs } = query;
  const db = ctx.store.read("instance").db<PeopleTables>();
  const end = idAt("user", to + MARGIN_MS);
  return countPages(query, idAt("user", from - MARGIN_MS), async (after) => {
    const rows = await db
      .selectFrom((inner) =>
        inner
          .selectFrom("identity_people")
          .select(["id", sql<number>`created_at - created_at % ${spanMs}`.as("bucket")])
          .where("id", ">", after)
          .where("id", "<", end)
          .orderBy("id")
          .limit(STATISTIC_PAGE)
          .as("page"),
      )
      .select((row) => ["bucket", row.fn.countAll().as("people"), row.fn.max("id").as("last")])
      .groupBy("bucket")
      .execute();
    return rows.map(({ bucket, people, last }) => ({ at: bucket, count: Number(people), last }));
  });
}

/** What of a membership is counted; the room of organizations owns the table. */
interface Memberships {
  readonly identity_memberships: { readonly user_id: string; readonly joined_at: number };
}

/** Somebody may join long after the account was made, so all members are gone through. */
function joinedIn(ctx: PluginContext, query: StatisticQuery): Promise<StatisticCounts | undefined> {
  const { scope, spanMs } = query;
  const db = ctx.store.read(scope).db<Memberships>();
  return countPages<string>(query, "", async (after) => {
    const rows = await db
      .selectFrom((inner) =>
        inner
          .selectFrom("identity_memberships")
          .select(["user_id", sql<number>`joined_at - joined_at % ${spanMs}`.as("bucket")])
          .where("user_id", ">", after)
          .orderBy("user_id")
          .limit(STATISTIC_PAGE)
          .as("page"),
      )
      .select((row) => ["bucket", row.fn.countAll().as("people"), row.fn.max("user_id").as("last")])
      .groupBy("bucket")
      .execute();
    return rows.map(({ bucket, people, last }) => ({ at: bucket, count: Number(people), last }));
  });
}
