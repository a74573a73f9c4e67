import type { Migration } from "portico/kernel";

/** The table of counts of long windows. */
export const createCounters: Migration = {
  id: "0001-create-counters",
  async up({ db, type }) {
    await db.schema
      .createTable("limits_counters")
      .addColumn("name", type.text, (column) => column.notNull().primaryKey())
      .addColumn("used", type.integer, (column) => column.notNull())
      .addColumn("at", type.integer, (column) => column.notNull())
      .addColumn("ends_at", type.integer, (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex("limits_counters_end")
      .on("limits_counters")
      .column("ends_at")
      .execute();
  },
};
