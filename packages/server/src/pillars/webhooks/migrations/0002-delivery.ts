import { sql } from "kysely";
import type { Migration, MigrationContext } from "portico/kernel";

/** How deliveries of a webhook are steered: body, credentials, retries, pace, order; and how its receiver does. */
export const steerDelivery: Migration = {
  id: "0002-delivery",
  async up(context) {
    await extendWebhooks(context);
    await extendDeliveries(context);
    await createHealth(context);
    await createPaceAndLines(context);
  },
};

async function extendWebhooks({ db, type }: MigrationContext): Promise<void> {
  // One column a statement: SQLite takes no more.
  const table = "webhooks_webhooks";
  for (const name of ["secrets", "retryPolicy", "rateLimit", "ordering", "auth", "authType"]) {
    await db.schema.alterTable(table).addColumn(name, type.text).execute();
  }
  await db.schema
    .alterTable(table)
    .addColumn("format", type.text, (column) => column.notNull().defaultTo("standard"))
    .execute();
  await db.schema
    .alterTable(table)
    .addColumn("concurrency", type.integer, (column) => column.notNull().defaultTo(4))
    .execute();
  await db.schema
    .alterTable(table)
    .addColumn("isAsymmetric", type.integer, (column) => column.notNull().defaultTo(0))
    .execute();
}

async function extendDeliveries({ db, type }: MigrationContext): Promise<void> {
  const table = "webhooks_deliveries";
  await db.schema.alterTable(table).addColumn("orderKey", type.text).execute();
  await db.schema.alterTable(table).addColumn("parkedAt", type.integer).execute();
  // Each holds only what it is asked for: deliveries of ordered webhooks, and those that wait for their receiver.
  await db.schema
    .createIndex("webhooks_deliveries_line")
    .on(table)
    .columns(["organization", "webhook", "orderKey", "state", "position"])
    .where(sql.ref("orderKey"), "is not", null)
    .execute();
  await db.schema
    .createIndex("webhooks_deliveries_parked")
    .on(table)
    .columns(["organization", "webhook", "position"])
    .where(sql.ref("parkedAt"), "is not", null)
    .execute();
}

async function createHealth({ db, type }: MigrationContext): Promise<void> {
  await db.schema
    .createTable("webhooks_health")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("webhook", type.text, (column) => column.notNull())
    .addColumn("failingSince", type.integer)
    .addColumn("lastFailureAt", type.integer)
    .addColumn("isTold", type.integer, (column) => column.notNull().defaultTo(0))
    .addColumn("pausedUntil", type.integer)
    .addColumn("pauseReason", type.text)
    .addColumn("probes", type.integer, (column) => column.notNull().defaultTo(0))
    .addColumn("parkings", type.integer, (column) => column.notNull().defaultTo(0))
    .addPrimaryKeyConstraint("webhooks_health_key", ["organization", "webhook"])
    .execute();
}

async function createPaceAndLines({ db, type }: MigrationContext): Promise<void> {
  await db.schema
    .createTable("webhooks_pace")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("webhook", type.text, (column) => column.notNull())
    .addColumn("nextAtMicros", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("webhooks_pace_key", ["organization", "webhook"])
    .execute();
  await db.schema
    .createTable("webhooks_lines")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("webhook", type.text, (column) => column.notNull())
    .addColumn("orderKey", type.text, (column) => column.notNull())
    .addColumn("wakes", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("webhooks_lines_key", ["organization", "webhook", "orderKey"])
    .execute();
}
