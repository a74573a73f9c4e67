import type { Migration } from "portico/kernel";

/** Switching off, addresses, limits, pins and rotation of keys, and their use by day. */
export const extendKeys: Migration = {
  id: "0002-extend-keys",
  async up({ db, type }) {
    for (const [column, of] of [
      ["disabled_at", type.integer],
      ["ip_allow", type.text],
      ["rate_policy", type.text],
      ["quotas", type.text],
      ["pins", type.text],
      ["rotated_at", type.integer],
      ["previous_hash", type.bytes],
      ["previous_until", type.integer],
      ["previous_used_at", type.integer],
    ] as const) {
      await db.schema.alterTable("keys_keys").addColumn(column, of).execute();
    }
    await db.schema
      .createIndex("keys_keys_creator")
      .on("keys_keys")
      .columns(["organization", "created_by", "id"])
      .execute();
    await db.schema
      .createTable("keys_usage")
      .addColumn("organization", type.text, (column) => column.notNull())
      .addColumn("key_id", type.text, (column) => column.notNull())
      .addColumn("day", type.text, (column) => column.notNull())
      .addColumn("uses", type.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("keys_usage_primary", ["organization", "key_id", "day"])
      .execute();
  },
};
