import { sql } from "kysely";
import type { Migration, MigrationContext } from "../contract/index.ts";
import type { SchemaOwner } from "../store/index.ts";

/** Columns the log writes through Kysely; the hot tables are written with statements of their own. */
export interface LogTables {
  log_consumers: { id: string; position: number };
  log_parked: {
    organization: string;
    consumer: string;
    seq: number;
    event: string;
    type: string;
    error: string;
    failures: number;
    parked_at: number;
  };
}

const createLog: Migration = {
  id: "0001-create-log",
  up: async (context) => {
    await createEvents(context);
    await createStreams(context);
    await createConsumers(context);
  },
};

/**
 * On SQLite `seq` is the row's own number, given by the only writer. On PostgreSQL `row_id` numbers the inserts and
 * `seq` stays null until the sequencer, which sees what is committed, gives it.
 */
async function createEvents(context: MigrationContext): Promise<void> {
  const { db, type } = context;
  const columns = sql.raw(`
    id text not null, organization text not null, type text not null, subject text, "key" text, stream text,
    stream_seq ${type.integer}, channels text not null, data ${type.bytes} not null, content_type text not null,
    at ${type.integer} not null, actor text not null, cause text not null, trace text not null`);
  await context.onSqlite(async () => {
    await sql`create table log_events (seq integer primary key autoincrement, ${columns}) strict`.execute(
      db,
    );
    await indexEvents(db, "");
  });
  await context.onPostgres(async () => {
    await sql`create table log_events (row_id bigint generated always as identity primary key, seq bigint, ${columns})`.execute(
      db,
    );
    await sql`create index log_events_open on log_events (row_id) where seq is null`.execute(db);
    await sql`create unique index log_events_seq on log_events (seq) where seq is not null`.execute(
      db,
    );
    await indexEvents(db, " where seq is not null");
    await sql`create table log_sequence (one bigint primary key, last bigint not null)`.execute(db);
    await sql`insert into log_sequence (one, last) values (1, 0)`.execute(db);
  });
}

async function indexEvents(db: MigrationContext["db"], given: string): Promise<void> {
  const run = async (text: string): Promise<void> => {
    await sql.raw(text).execute(db);
  };
  await run(`create unique index log_events_id on log_events (organization, id)`);
  await run(`create index log_events_order on log_events (organization, seq)${given}`);
  await run(`create index log_events_trace on log_events (organization, trace, seq)`);
  await run(
    `create index log_events_subject on log_events (organization, subject, seq) where subject is not null`,
  );
}

async function createStreams({ db, type }: MigrationContext): Promise<void> {
  await db.schema
    .createTable("log_streams")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("stream", type.text, (column) => column.notNull())
    .addColumn("last_seq", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("log_streams_pk", ["organization", "stream"])
    .execute();
}

async function createConsumers({ db, type }: MigrationContext): Promise<void> {
  await db.schema
    .createTable("log_consumers")
    .addColumn("id", type.text, (column) => column.primaryKey().notNull())
    .addColumn("position", type.integer, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("log_parked")
    .addColumn("organization", type.text, (column) => column.notNull())
    .addColumn("consumer", type.text, (column) => column.notNull())
    .addColumn("seq", type.integer, (column) => column.notNull())
    .addColumn("event", type.text, (column) => column.notNull())
    .addColumn("type", type.text, (column) => column.notNull())
    .addColumn("error", type.text, (column) => column.notNull())
    .addColumn("failures", type.integer, (column) => column.notNull())
    .addColumn("parked_at", type.integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("log_parked_pk", ["organization", "consumer", "seq"])
    .execute();
}

/**
 * What CloudEvents say of themselves, and the index for reading the events of one type: `(organization, type, seq)` finds
 * the newest of a rare type without walking all of an organization.
 */
const addAttributes: Migration = {
  id: "0002-add-attributes",
  up: async (context) => {
    const { db, type } = context;
    await db.schema.alterTable("log_events").addColumn("attributes", type.text).execute();
    await context.onSqlite(async () => {
      await sql`create index log_events_type on log_events (organization, type, seq)`.execute(db);
    });
    await context.onPostgres(async () => {
      await sql`create index log_events_type on log_events (organization, type, seq) where seq is not null`.execute(
        db,
      );
    });
  },
};

/** The log's tables. */
export const logSchema: SchemaOwner = {
  id: "log",
  tables: {
    log_events: "organization",
    log_streams: "organization",
    log_parked: "organization",
    log_consumers: "instance",
    log_sequence: "instance",
  },
  migrations: [createLog, addAttributes],
};
