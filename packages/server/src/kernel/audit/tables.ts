import { sql } from "kysely";
import type { Migration } from "../contract/index.ts";
import type { SchemaOwner } from "../store/index.ts";

const createAudit: Migration = {
  id: "0001-create-audit",
  up: async (context) => {
    const { db, type } = context;
    const run = async (text: string): Promise<void> => {
      await sql.raw(text).execute(db);
    };
    const entries = `id text not null unique, organization text not null, plugin text not null, actor text not null,
      action text not null, target text not null, cause text not null, trace text not null,
      at ${type.integer} not null, diff text, diff_hash text not null, seq ${type.integer}, hash text`;
    await context.onSqlite(() =>
      run(`create table audit_entries (n integer primary key autoincrement, ${entries}) strict`),
    );
    await context.onPostgres(() =>
      run(
        `create table audit_entries (n bigint generated always as identity primary key, ${entries})`,
      ),
    );
    await run(`create index audit_entries_open on audit_entries (n) where seq is null`);
    await run(`create unique index audit_entries_seq on audit_entries (seq) where seq is not null`);
    await run(`create index audit_entries_order on audit_entries (organization, n)`);
    await run(`create index audit_entries_trace on audit_entries (organization, trace)`);
    await run(
      `create table audit_chain (one ${type.integer} not null primary key, seq ${type.integer} not null, hash text not null)`,
    );
    await run(`insert into audit_chain (one, seq, hash) values (1, 0, '')`);
    await run(`create table audit_checkpoints (seq ${type.integer} not null primary key, hash text not null,
      at ${type.integer} not null, signature text not null)`);
  },
};

const signCheckpoints: Migration = {
  id: "0002-sign-checkpoints",
  up: async ({ db, type }) => {
    await db.schema
      .createTable("audit_keys")
      .addColumn("id", type.text, (column) => column.primaryKey().notNull())
      .addColumn("sealed", type.text, (column) => column.notNull())
      .addColumn("at", type.integer, (column) => column.notNull())
      .execute();
    await db.schema.alterTable("audit_checkpoints").addColumn("key_id", type.text).execute();
  },
};

/** The audit's tables. */
export const auditSchema: SchemaOwner = {
  id: "audit",
  tables: {
    audit_entries: "organization",
    audit_chain: "instance",
    audit_checkpoints: "instance",
    audit_keys: "instance",
  },
  migrations: [createAudit, signCheckpoints],
};
