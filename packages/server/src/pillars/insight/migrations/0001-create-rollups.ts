import type { Migration } from "portico/kernel";

/** Counts of requests by minute, hour and day, and how far they were put together. */
export const createRollups: Migration = {
  id: "0001-create-rollups",
  async up({ db, type }) {
    await db.schema
      .createTable("insight_rollups")
      .addColumn("organization", type.text, (column) => column.notNull())
      .addColumn("span", type.integer, (column) => column.notNull())
      .addColumn("at", type.integer, (column) => column.notNull())
      .addColumn("api", type.text, (column) => column.notNull())
      .addColumn("operation", type.text, (column) => column.notNull())
      .addColumn("version", type.text, (column) => column.notNull())
      .addColumn("credential", type.text, (column) => column.notNull())
      .addColumn("status", type.integer, (column) => column.notNull())
      .addColumn("node", type.text, (column) => column.notNull())
      .addColumn("count", type.integer, (column) => column.notNull())
      .addColumn("errors", type.integer, (column) => column.notNull())
      .addColumn("bytes_in", type.integer, (column) => column.notNull())
      .addColumn("bytes_out", type.integer, (column) => column.notNull())
      .addColumn("duration_us", type.integer, (column) => column.notNull())
      .addColumn("gateway_us", type.integer, (column) => column.notNull())
      .addColumn("upstream_us", type.integer, (column) => column.notNull())
      .addColumn("durations", type.bytes, (column) => column.notNull())
      .addColumn("gateways", type.bytes, (column) => column.notNull())
      .addColumn("upstreams", type.bytes, (column) => column.notNull())
      .addPrimaryKeyConstraint("insight_rollups_key", [
        "organization",
        "span",
        "at",
        "api",
        "operation",
        "version",
        "credential",
        "status",
        "node",
      ])
      .execute();
    // Compaction and retention go by time over all organizations: an index that does not begin with one.
    await db.schema
      .createIndex("insight_rollups_age")
      .on("insight_rollups")
      .columns(["span", "at"])
      .execute();
    await db.schema
      .createTable("insight_marks")
      .addColumn("span", type.integer, (column) => column.primaryKey())
      .addColumn("at", type.integer, (column) => column.notNull())
      .execute();
  },
};
