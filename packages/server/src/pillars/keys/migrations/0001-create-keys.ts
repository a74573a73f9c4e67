import type { Migration } from "portico/kernel";

/** The table of keys. */
export const createKeys: Migration = {
  id: "0001-create-keys",
  async up({ db, type }) {
    await db.schema
      .createTable("keys_keys")
      .addColumn("organization", type.text, (column) => column.notNull())
      .addColumn("id", type.text, (column) => column.notNull())
      .addColumn("name", type.text, (column) => column.notNull())
      .addColumn("hash", type.bytes, (column) => column.notNull())
      .addColumn("permissions", type.text, (column) => column.notNull())
      .addColumn("instance_permissions", type.text, (column) => column.notNull())
      .addColumn("environment", type.text, (column) => column.notNull())
      .addColumn("rate_limit", type.integer)
      .addColumn("user_id", type.text)
      .addColumn("metadata", type.text, (column) => column.notNull())
      .addColumn("created_at", type.integer, (column) => column.notNull())
      .addColumn("created_by", type.text, (column) => column.notNull())
      .addColumn("expires_at", type.integer)
      .addColumn("revoked_at", type.integer)
      .addColumn("last_used_at", type.integer)
      .addColumn("revision", type.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("keys_keys_primary", ["organization", "id"])
      .execute();
    // A key is presented before anybody knows whose it is: the one index that does not begin with the organization.
    await db.schema.createIndex("keys_keys_id").on("keys_keys").column("id").unique().execute();
    await db.schema
      .createIndex("keys_keys_user")
      .on("keys_keys")
      .columns(["organization", "user_id", "id"])
      .execute();
  },
};
