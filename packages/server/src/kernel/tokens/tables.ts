import type { Migration } from "../contract/index.ts";
import type { SchemaOwner } from "../store/index.ts";

const createTokens: Migration = {
  id: "0001-create-tokens",
  up: async ({ db, type }) => {
    await db.schema
      .createTable("tokens_tokens")
      .addColumn("hash", type.text, (column) => column.primaryKey().notNull())
      .addColumn("id", type.text, (column) => column.notNull())
      .addColumn("organization", type.text, (column) => column.notNull())
      .addColumn("subject", type.text, (column) => column.notNull())
      .addColumn("permissions", type.text, (column) => column.notNull())
      .addColumn("restrictions", type.text, (column) => column.notNull())
      .addColumn("expires_at", type.integer, (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex("tokens_tokens_subject")
      .on("tokens_tokens")
      .columns(["organization", "subject"])
      .execute();
    await db.schema
      .createIndex("tokens_tokens_expiry")
      .on("tokens_tokens")
      .columns(["expires_at"])
      .execute();
  },
};

/** Tokens that have not expired: found by their hash before it is known whose they are. */
export const tokensSchema: SchemaOwner = {
  id: "tokens",
  tables: { tokens_tokens: "instance" },
  migrations: [createTokens],
};
