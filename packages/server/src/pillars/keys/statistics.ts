import { countPages, idAt, STATISTIC_PAGE } from "portico/kernel";
import type { Statistic } from "portico/kernel";
import { sql } from "kysely";
import type { KeyTables } from "./tables.ts";

/** An id may be a little older than its row. */
const MARGIN_MS = 60_000;

/** Keys by the time they were made, revoked ones among them. */
export const keysCreated: Statistic = {
  id: "keys.created",
  label: "Keys that were created",
  unit: "keys",
  count: (query, ctx) => {
    const { scope, from, to, spanMs } = query;
    const db = ctx.store.read(scope).db<KeyTables>();
    const end = idAt("key", to + MARGIN_MS);
    return countPages(query, idAt("key", from - MARGIN_MS), async (after) => {
      const rows = await db
        .selectFrom((inner) =>
          inner
            .selectFrom("keys_keys")
            .select(["id", sql<number>`created_at - created_at % ${spanMs}`.as("bucket")])
            .where("id", ">", after)
            .where("id", "<", end)
            .orderBy("id")
            .limit(STATISTIC_PAGE)
            .as("page"),
        )
        .select((row) => ["bucket", row.fn.countAll().as("keys"), row.fn.max("id").as("last")])
        .groupBy("bucket")
        .execute();
      return rows.map(({ bucket, keys, last }) => ({ at: bucket, count: Number(keys), last }));
    });
  },
};
