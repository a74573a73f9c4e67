import type { Migration } from "portico/kernel";

/** Sessions and the keys that sign their access tokens. */
export const createSessions: Migration = {
  id: "0201-create-sessions",
  async up({ db, type }) {
    await db.schema
      .createTable("identity_sessions")
      .addColumn("id", type.text, (column) => column.notNull().primaryKey())
      .addColumn("user_id", type.text, (column) => column.notNull())
      .addColumn("organization", type.text, (column) => column.notNull())
      .addColumn("token_hash", type.bytes, (column) => column.notNull())
      .addColumn("refresh_hash", type.bytes)
      .addColumn("refresh_generation", type.integer, (column) => column.notNull())
      .addColumn("refresh_seal", type.bytes, (column) => column.notNull())
      .addColumn("refreshed_at", type.integer, (column) => column.notNull())
      .addColumn("forgiven_from", type.integer, (column) => column.notNull())
      .addColumn("life", type.text, (column) => column.notNull())
      .addColumn("methods", type.text, (column) => column.notNull())
      .addColumn("address", type.text, (column) => column.notNull())
      .addColumn("device", type.text, (column) => column.notNull())
      .addColumn("created_at", type.integer, (column) => column.notNull())
      .addColumn("proved_at", type.integer, (column) => column.notNull())
      .addColumn("last_seen_at", type.integer, (column) => column.notNull())
      .addColumn("expires_at", type.integer, (column) => column.notNull())
      .addColumn("idle_ms", type.integer, (column) => column.notNull())
      .addColumn("ends_at", type.integer, (column) => column.notNull())
      .addColumn("impersonator", type.text)
      .addColumn("impersonator_session", type.text)
      .execute();
    for (const [name, columns] of [
      ["user", ["user_id", "id"]],
      ["organization", ["organization", "id"]],
      ["end", ["ends_at"]],
      ["impersonator", ["impersonator_session"]],
    ] as const) {
      await db.schema
        .createIndex(`identity_sessions_${name}`)
        .on("identity_sessions")
        .columns([...columns])
        .execute();
    }
    await db.schema
      .createIndex("identity_sessions_token")
      .on("identity_sessions")
      .column("token_hash")
      .unique()
      .execute();
    await db.schema
      .createTable("identity_signing_keys")
      .addColumn("number", type.integer, (column) => column.notNull().primaryKey())
      .addColumn("kid", type.text, (column) => column.notNull())
      .addColumn("algorithm", type.text, (column) => column.notNull())
      .addColumn("public_jwk", type.text, (column) => column.notNull())
      .addColumn("private_sealed", type.text, (column) => column.notNull())
      .addColumn("published_at", type.integer, (column) => column.notNull())
      .addColumn("signs_from", type.integer, (column) => column.notNull())
      .execute();
  },
};
