import type { Migration } from "portico/kernel";

/** Who calls which version, for operators: rows of the installation, written behind the calls. */
export const createVersionCallers: Migration = {
  id: "0010-version-callers",
  async up({ db, type }) {
    await db.schema
      .createTable("gateway_version_callers")
      .addColumn("api", type.text, (column) => column.notNull())
      .addColumn("version", type.text, (column) => column.notNull())
      .addColumn("organization", type.text, (column) => column.notNull())
      .addColumn("subject", type.text, (column) => column.notNull())
      .addColumn("route", type.text, (column) => column.notNull())
      .addColumn("kind", type.text, (column) => column.notNull())
      .addColumn("calls", type.integer, (column) => column.notNull())
      .addColumn("first_at", type.integer, (column) => column.notNull())
      .addColumn("last_at", type.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("gateway_version_callers_primary", [
        "api",
        "version",
        "organization",
        "subject",
        "route",
      ])
      .execute();
    await db.schema
      .createIndex("gateway_version_callers_last")
      .on("gateway_version_callers")
      .column("last_at")
      .execute();
  },
};
