import type { Migration } from "portico/kernel";

/** The table of calls under way that processes have reserved room for. */
export const createSlots: Migration = {
  id: "0002-create-slots",
  async up({ db, type }) {
    await db.schema
      .createTable("limits_slots")
      .addColumn("name", type.text, (column) => column.notNull())
      .addColumn("holder", type.text, (column) => column.notNull())
      .addColumn("slots", type.integer, (column) => column.notNull())
      .addColumn("ends_at", type.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("limits_slots_key", ["name", "holder"])
      .execute();
    await db.schema
      .createIndex("limits_slots_holder")
      .on("limits_slots")
      .column("holder")
      .execute();
  },
};
