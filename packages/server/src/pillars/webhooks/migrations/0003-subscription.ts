import { sql } from "kysely";
import type { Migration, MigrationContext } from "portico/kernel";

/** What of an event a webhook asks for beside its type, whose it is, and what is handed on in pieces. */
export const extendSubscription: Migration = {
  id: "0003-subscription",
  async up(context) {
    await extendWebhooks(context);
    await indexFailed(context);
    await createBacklog(context);
    await createBulks(context);
  },
};

async function extendWebhooks({ db, type }: MigrationContext): Promise<void> {
  const table = "webhooks_webhooks";
  await db.schema
    .alterTable(table)
    .addColumn("channels", type.text, (column) => column.notNull().defaultTo("[]"))
    .execute();
  await db.schema.alterTable(table).addColumn("filter", type.text).execute();
  await db.schema.alterTable(table).addColumn("owner", type.text).execute();
  await db.schema
    .createIndex("webhooks_webhooks_owner")
    .on(table)
    .columns(["organization", "owner", "id"])
    .where(sql.ref("owner"), "is not", null)
    .execute();
}

// Deliveries that go well never enter it: what is recovered is found without a cost to what is not.
async function indexFailed({ db }: MigrationContext): Promise<void> {
  await sql
    .raw(
      `create index webhooks_deliveries_failed on webhooks_deliveries (organization, webhook, position)
       where state in ('exhausted', 'held')`,
    )
    .execute(db);
}

async function createBacklog({ db, type }: MigrationContext): Promise<void> {
  await db.schema
    .createTable("webhooks_backlog")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("seq", type.integer, (column) => column.notNull())
    .addColumn("event", type.text, (column) => column.notNull())
    .addColumn("after", type.text, (column) => column.notNull())
    .addPrimaryKeyConstraint("webhooks_backlog_key", ["organization", "seq"])
    .execute();
}

async function createBulks({ db, type }: MigrationContext): Promise<void> {
  await db.schema
    .createTable("webhooks_bulks")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("place", type.text, (column) => column.notNull())
    .addColumn("job", type.text, (column) => column.notNull())
    .addColumn("cursor", type.text, (column) => column.notNull())
    .addColumn("done", type.integer, (column) => column.notNull())
    .addColumn("updatedAt", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("webhooks_bulks_key", ["organization", "place"])
    .execute();
}
