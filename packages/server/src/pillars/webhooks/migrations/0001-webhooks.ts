import type { Migration, MigrationContext } from "portico/kernel";

/** Webhooks, their deliveries and each attempt. */
export const createWebhooks: Migration = {
  id: "0001-webhooks",
  async up(context) {
    await createWebhookTable(context);
    await createDeliveryTables(context);
  },
};

async function createWebhookTable({ db, type }: MigrationContext): Promise<void> {
  await db.schema
    .createTable("webhooks_webhooks")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("id", type.text, (column) => column.notNull())
    .addColumn("slug", type.text)
    .addColumn("url", type.text, (column) => column.notNull())
    .addColumn("events", type.text, (column) => column.notNull())
    .addColumn("description", type.text, (column) => column.notNull())
    .addColumn("secret", type.text, (column) => column.notNull())
    .addColumn("headers", type.text, (column) => column.notNull())
    .addColumn("headerNames", type.text, (column) => column.notNull())
    .addColumn("isActive", type.integer, (column) => column.notNull())
    .addColumn("disabledReason", type.text)
    .addColumn("fromSeq", type.integer)
    .addColumn("revision", type.integer, (column) => column.notNull().defaultTo(1))
    .addColumn("createdAt", type.integer, (column) => column.notNull())
    .addColumn("updatedAt", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("webhooks_webhooks_key", ["organization", "id"])
    .addUniqueConstraint("webhooks_webhooks_slug", ["organization", "slug"])
    .execute();
  await db.schema
    .createTable("webhooks_positions")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("webhook", type.text, (column) => column.notNull())
    .addColumn("last", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("webhooks_positions_key", ["organization", "webhook"])
    .execute();
}

async function createDeliveryTables({ db, type }: MigrationContext): Promise<void> {
  await db.schema
    .createTable("webhooks_deliveries")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("webhook", type.text, (column) => column.notNull())
    .addColumn("position", type.integer, (column) => column.notNull())
    .addColumn("id", type.text, (column) => column.notNull())
    .addColumn("event", type.text, (column) => column.notNull())
    .addColumn("eventType", type.text, (column) => column.notNull())
    .addColumn("state", type.text, (column) => column.notNull())
    .addColumn("round", type.integer, (column) => column.notNull().defaultTo(1))
    .addColumn("tries", type.integer, (column) => column.notNull().defaultTo(0))
    .addColumn("attempts", type.integer, (column) => column.notNull().defaultTo(0))
    .addColumn("nextAt", type.integer)
    .addColumn("lastStatus", type.integer)
    .addColumn("lastError", type.text)
    .addColumn("createdAt", type.integer, (column) => column.notNull())
    .addColumn("updatedAt", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("webhooks_deliveries_key", ["organization", "webhook", "position"])
    .addUniqueConstraint("webhooks_deliveries_id", ["organization", "id"])
    // An event is delivered to a webhook once, however often the log is read; also the way from an event to its deliveries.
    .addUniqueConstraint("webhooks_deliveries_event", ["organization", "event", "webhook"])
    .execute();
  await db.schema
    .createTable("webhooks_attempts")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("delivery", type.text, (column) => column.notNull())
    .addColumn("id", type.text, (column) => column.notNull())
    .addColumn("startedAt", type.integer, (column) => column.notNull())
    .addColumn("durationMs", type.integer, (column) => column.notNull())
    .addColumn("status", type.integer)
    .addColumn("error", type.text)
    .addColumn("address", type.text)
    .addColumn("responseBody", type.bytes)
    .addPrimaryKeyConstraint("webhooks_attempts_key", ["organization", "delivery", "id"])
    .execute();
}
