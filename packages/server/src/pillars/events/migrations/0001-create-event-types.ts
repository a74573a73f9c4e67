import type { Migration, MigrationContext } from "portico/kernel";

/** Event types, their schemas, and the idempotency keys of single events. */
export const createEventTypes: Migration = {
  id: "0001-create-event-types",
  async up(context) {
    await createTypes(context);
    await createSchemas(context);
    await createKeys(context);
  },
};

async function createTypes({ db, type }: MigrationContext): Promise<void> {
  await db.schema
    .createTable("events_types")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("type", type.text, (column) => column.notNull())
    .addColumn("group_name", type.text)
    .addColumn("description", type.text, (column) => column.notNull())
    .addColumn("deprecated", type.integer, (column) => column.notNull())
    .addColumn("validation", type.text)
    .addColumn("version", type.integer, (column) => column.notNull())
    .addColumn("created_at", type.integer, (column) => column.notNull())
    .addColumn("updated_at", type.integer, (column) => column.notNull())
    .addColumn("revision", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("events_types_primary", ["organization", "type"])
    .execute();
}

async function createSchemas({ db, type }: MigrationContext): Promise<void> {
  await db.schema
    .createTable("events_schemas")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("type", type.text, (column) => column.notNull())
    .addColumn("version", type.integer, (column) => column.notNull())
    .addColumn("schema", type.text, (column) => column.notNull())
    .addColumn("example", type.text)
    .addColumn("breaking", type.integer, (column) => column.notNull())
    .addColumn("created_at", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("events_schemas_primary", ["organization", "type", "version"])
    .execute();
}

async function createKeys({ db, type }: MigrationContext): Promise<void> {
  await db.schema
    .createTable("events_keys")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("idempotency_key", type.text, (column) => column.notNull())
    .addColumn("event", type.text, (column) => column.notNull())
    .addColumn("fingerprint", type.text, (column) => column.notNull())
    .addColumn("created_at", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("events_keys_primary", ["organization", "idempotency_key"])
    .execute();
  await db.schema
    .createIndex("events_keys_age")
    .on("events_keys")
    .columns(["organization", "created_at"])
    .execute();
}
