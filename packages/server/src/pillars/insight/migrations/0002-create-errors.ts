import type { Migration } from "portico/kernel";

/** Failures by fingerprint, who met them, and samples. */
export const createErrors: Migration = {
  id: "0002-create-errors",
  async up({ db, type }) {
    await db.schema
      .createTable("insight_errors")
      .addColumn("organization", type.text, (column) => column.notNull())
      .addColumn("fingerprint", type.text, (column) => column.notNull())
      .addColumn("id", type.text, (column) => column.notNull())
      .addColumn("kind", type.text, (column) => column.notNull())
      .addColumn("place", type.text, (column) => column.notNull())
      .addColumn("code", type.text)
      .addColumn("message", type.text, (column) => column.notNull())
      .addColumn("detail", type.text)
      .addColumn("stack", type.text)
      .addColumn("state", type.text, (column) => column.notNull())
      .addColumn("count", type.integer, (column) => column.notNull())
      .addColumn("first_at", type.integer, (column) => column.notNull())
      .addColumn("last_at", type.integer, (column) => column.notNull())
      .addColumn("changed_at", type.integer, (column) => column.notNull())
      .addColumn("regressed_at", type.integer)
      .addColumn("revision", type.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("insight_errors_key", ["organization", "fingerprint"])
      .execute();
    await db.schema
      .createIndex("insight_errors_id")
      .on("insight_errors")
      .columns(["organization", "id"])
      .unique()
      .execute();
    await db.schema
      .createIndex("insight_errors_newest")
      .on("insight_errors")
      .columns(["organization", "last_at", "id"])
      .execute();
    await db.schema
      .createTable("insight_error_callers")
      .addColumn("organization", type.text, (column) => column.notNull())
      .addColumn("fingerprint", type.text, (column) => column.notNull())
      .addColumn("subject", type.text, (column) => column.notNull())
      .addColumn("count", type.integer, (column) => column.notNull())
      .addColumn("last_at", type.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("insight_error_callers_key", [
        "organization",
        "fingerprint",
        "subject",
      ])
      .execute();
    await db.schema
      .createTable("insight_error_samples")
      .addColumn("organization", type.text, (column) => column.notNull())
      .addColumn("fingerprint", type.text, (column) => column.notNull())
      .addColumn("id", type.text, (column) => column.notNull())
      .addColumn("at", type.integer, (column) => column.notNull())
      .addColumn("subject", type.text, (column) => column.notNull())
      .addColumn("trace", type.text)
      .addColumn("source", type.text)
      .addColumn("message", type.text, (column) => column.notNull())
      .addColumn("detail", type.text)
      .addPrimaryKeyConstraint("insight_error_samples_key", ["organization", "fingerprint", "id"])
      .execute();
  },
};
