import type { Migration } from "portico/kernel";

/** Accounts, links that were mailed, and counts of guesses. */
export const createPeople: Migration = {
  id: "0001-create-people",
  async up({ db, type }) {
    await db.schema
      .createTable("identity_people")
      .addColumn("id", type.text, (column) => column.primaryKey().notNull())
      .addColumn("username", type.text, (column) => column.notNull())
      .addColumn("username_key", type.text, (column) => column.notNull().unique())
      .addColumn("username_skeleton", type.text, (column) => column.notNull().unique())
      .addColumn("display_name", type.text, (column) => column.notNull())
      .addColumn("email", type.text)
      .addColumn("email_key", type.text)
      .addColumn("verified_key", type.text, (column) => column.unique())
      .addColumn("state", type.text, (column) => column.notNull())
      .addColumn("password_hash", type.text)
      .addColumn("password_at", type.integer)
      .addColumn("instance_permissions", type.text, (column) => column.notNull())
      .addColumn("settings", type.text, (column) => column.notNull())
      .addColumn("suspended_reason", type.text)
      .addColumn("created_at", type.integer, (column) => column.notNull())
      .addColumn("updated_at", type.integer, (column) => column.notNull())
      .addColumn("revision", type.integer, (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex("identity_people_email")
      .on("identity_people")
      .columns(["email_key"])
      .execute();
    await db.schema
      .createTable("identity_links")
      .addColumn("hash", type.text, (column) => column.primaryKey().notNull())
      .addColumn("person", type.text, (column) => column.notNull())
      .addColumn("purpose", type.text, (column) => column.notNull())
      .addColumn("email_key", type.text)
      .addColumn("created_at", type.integer, (column) => column.notNull())
      .addColumn("expires_at", type.integer, (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex("identity_links_person")
      .on("identity_links")
      .columns(["person", "purpose"])
      .execute();
    await db.schema
      .createIndex("identity_links_expiry")
      .on("identity_links")
      .columns(["expires_at"])
      .execute();
    await db.schema
      .createTable("identity_brakes")
      .addColumn("bucket", type.text, (column) => column.primaryKey().notNull())
      .addColumn("failures", type.integer, (column) => column.notNull())
      .addColumn("last_at", type.integer, (column) => column.notNull())
      .addColumn("until", type.integer, (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex("identity_brakes_last")
      .on("identity_brakes")
      .columns(["last_at"])
      .execute();
  },
};
