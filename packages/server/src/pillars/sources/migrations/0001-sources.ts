import type { Migration, MigrationContext } from "portico/kernel";

/** Sources, and the messages that came in by them. */
export const createSources: Migration = {
  id: "0001-sources",
  async up(context) {
    await createSourceTable(context);
    await createMessageTable(context);
  },
};

async function createSourceTable({ db, type }: MigrationContext): Promise<void> {
  await db.schema
    .createTable("sources_sources")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("id", type.text, (column) => column.notNull())
    .addColumn("slug", type.text)
    .addColumn("provider", type.text, (column) => column.notNull())
    .addColumn("scheme", type.text)
    .addColumn("eventPrefix", type.text, (column) => column.notNull())
    .addColumn("description", type.text, (column) => column.notNull())
    .addColumn("secrets", type.text, (column) => column.notNull())
    .addColumn("url", type.text)
    .addColumn("toleranceSeconds", type.integer)
    .addColumn("isActive", type.integer, (column) => column.notNull())
    .addColumn("revision", type.integer, (column) => column.notNull().defaultTo(1))
    .addColumn("createdAt", type.integer, (column) => column.notNull())
    .addColumn("updatedAt", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("sources_sources_key", ["organization", "id"])
    .addUniqueConstraint("sources_sources_slug", ["organization", "slug"])
    .execute();
  // A message comes before anybody knows whose it is: the one index that does not begin with the organization.
  await db.schema
    .createIndex("sources_sources_id")
    .on("sources_sources")
    .column("id")
    .unique()
    .execute();
}

async function createMessageTable({ db, type }: MigrationContext): Promise<void> {
  await db.schema
    .createTable("sources_messages")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("id", type.text, (column) => column.notNull())
    .addColumn("source", type.text, (column) => column.notNull())
    .addColumn("state", type.text, (column) => column.notNull())
    .addColumn("identity", type.text)
    .addColumn("externalId", type.text)
    .addColumn("event", type.text)
    .addColumn("eventType", type.text, (column) => column.notNull())
    .addColumn("reason", type.text)
    .addColumn("contentType", type.text, (column) => column.notNull())
    .addColumn("headers", type.text, (column) => column.notNull())
    .addColumn("body", type.bytes, (column) => column.notNull())
    .addColumn("receivedAt", type.integer, (column) => column.notNull())
    .addColumn("trace", type.text, (column) => column.notNull())
    .addColumn("cause", type.text, (column) => column.notNull())
    .addPrimaryKeyConstraint("sources_messages_key", ["organization", "id"])
    // The same message again is the same row. Nulls differ from each other on both databases.
    .addUniqueConstraint("sources_messages_identity", ["organization", "source", "identity"])
    .execute();
  await db.schema
    .createIndex("sources_messages_source")
    .on("sources_messages")
    .columns(["organization", "source", "state", "id"])
    .execute();
  await db.schema
    .createIndex("sources_messages_trace")
    .on("sources_messages")
    .columns(["organization", "trace"])
    .execute();
  await db.schema
    .createIndex("sources_messages_age")
    .on("sources_messages")
    .columns(["organization", "receivedAt"])
    .execute();
}
