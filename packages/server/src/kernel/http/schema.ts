import type { Migration } from "../contract/index.ts";
import type { SchemaOwner } from "../store/index.ts";

/** What an Idempotency-Key stands for, and what was answered to it. */
export interface IdempotencyRow {
  readonly organization: string;
  readonly subject: string;
  readonly operation: string;
  readonly idempotency_key: string;
  /** SHA-256 of path, query and body, hex. */
  readonly fingerprint: string;
  /** 0 while the first request with this key has not answered within its transaction. */
  readonly status: number;
  /** The answer's text, with once-only fields null. */
  readonly body: string | null;
  /** JSON object. */
  readonly headers: string;
  /** Milliseconds since 1970. */
  readonly created_at: number;
}

/** Tables of this room. */
export interface HttpTables {
  readonly http_idempotency: IdempotencyRow;
}

const createIdempotency: Migration = {
  id: "0001-create-idempotency",
  up: async ({ db, type }) => {
    await db.schema
      .createTable("http_idempotency")
      .addColumn("organization", type.text, (column) => column.notNull())
      .addColumn("subject", type.text, (column) => column.notNull())
      .addColumn("operation", type.text, (column) => column.notNull())
      .addColumn("idempotency_key", type.text, (column) => column.notNull())
      .addColumn("fingerprint", type.text, (column) => column.notNull())
      .addColumn("status", type.integer, (column) => column.notNull())
      .addColumn("body", type.text)
      .addColumn("headers", type.text, (column) => column.notNull())
      .addColumn("created_at", type.integer, (column) => column.notNull())
      .addPrimaryKeyConstraint("http_idempotency_pk", [
        "organization",
        "subject",
        "operation",
        "idempotency_key",
      ])
      .execute();
    await db.schema
      .createIndex("http_idempotency_age")
      .on("http_idempotency")
      .columns(["organization", "created_at"])
      .execute();
  },
};

/** Owner of the table of Idempotency-Keys. */
export const httpSchema: SchemaOwner = {
  id: "http",
  tables: { http_idempotency: "organization" },
  migrations: [createIdempotency],
};
