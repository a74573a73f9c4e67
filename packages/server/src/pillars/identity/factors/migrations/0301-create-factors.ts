import type { Migration } from "portico/kernel";

/** Authenticator apps and recovery codes. */
export const createFactors: Migration = {
  id: "0301-create-factors",
  async up({ db, type }) {
    await db.schema
      .createTable("identity_totp")
      .addColumn("user_id", type.text, (column) => column.primaryKey().notNull())
      .addColumn("secret", type.text, (column) => column.notNull())
      .addColumn("confirmed_at", type.integer)
      .addColumn("last_step", type.integer, (column) => column.notNull())
      .addColumn("failures", type.integer, (column) => column.notNull())
      .addColumn("failed_at", type.integer, (column) => column.notNull())
      .addColumn("waits_until", type.integer, (column) => column.notNull())
      .addColumn("created_at", type.integer, (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("identity_recovery_codes")
      .addColumn("user_id", type.text, (column) => column.notNull())
      .addColumn("hash", type.text, (column) => column.notNull())
      .addColumn("created_at", type.integer, (column) => column.notNull())
      .addColumn("used_at", type.integer)
      .addPrimaryKeyConstraint("identity_recovery_codes_key", ["user_id", "hash"])
      .execute();
  },
};
