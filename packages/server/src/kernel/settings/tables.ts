import type { Migration } from "../contract/index.ts";
import type { SchemaOwner } from "../store/index.ts";

const createSettings: Migration = {
  id: "0001-create-settings",
  up: async ({ db, type }) => {
    await db.schema
      .createTable("settings_stored")
      .addColumn("path", type.text, (column) => column.primaryKey().notNull())
      .addColumn("value", type.text, (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("settings_state")
      .addColumn("one", type.integer, (column) => column.primaryKey().notNull())
      .addColumn("revision", type.integer, (column) => column.notNull())
      .addColumn("undo", type.text)
      .execute();
    await db.insertInto("settings_state").values({ one: 1, revision: 0, undo: null }).execute();
  },
};

/**
 * `settings_stored`: one row for each setting that was stored, by its dotted path; the value is JSON, sealed where it holds
 * a secret. `settings_state`: one row with the revision and the rows before the last change.
 */
export const settingsSchema: SchemaOwner = {
  id: "settings",
  tables: { settings_stored: "instance", settings_state: "instance" },
  migrations: [createSettings],
};
