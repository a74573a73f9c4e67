import type { Migration } from "portico/kernel";

/** What the API has added to the table of routes, and its revisions. */
export const createTable: Migration = {
  id: "0001-create-table",
  async up({ db, type }) {
    await db.schema
      .createTable("gateway_objects")
      .addColumn("kind", type.text, (column) => column.notNull())
      .addColumn("id", type.text, (column) => column.notNull())
      .addColumn("since", type.integer, (column) => column.notNull())
      .addColumn("until", type.integer)
      .addColumn("api", type.text)
      .addColumn("settings", type.text, (column) => column.notNull())
      .addColumn("revision", type.integer, (column) => column.notNull())
      .addColumn("createdAt", type.integer, (column) => column.notNull())
      .addColumn("updatedAt", type.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("gateway_objects_key", ["kind", "id", "since"])
      .execute();
    await db.schema
      .createIndex("gateway_objects_since")
      .on("gateway_objects")
      .column("since")
      .execute();
    await db.schema
      .createIndex("gateway_objects_until")
      .on("gateway_objects")
      .column("until")
      .execute();
    await db.schema
      .createTable("gateway_revisions")
      .addColumn("number", type.integer, (column) => column.primaryKey())
      .addColumn("cause", type.text, (column) => column.notNull())
      .addColumn("of", type.integer)
      .addColumn("actor", type.text, (column) => column.notNull())
      .addColumn("changes", type.text, (column) => column.notNull())
      .addColumn("changeCount", type.integer, (column) => column.notNull())
      .addColumn("at", type.integer, (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("gateway_state")
      .addColumn("id", type.text, (column) => column.primaryKey())
      .addColumn("number", type.integer, (column) => column.notNull())
      .execute();
    await db.insertInto("gateway_state").values({ id: "table", number: 0 }).execute();
  },
};
