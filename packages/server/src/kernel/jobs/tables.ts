import { sql } from "kysely";
import type { Migration } from "../contract/index.ts";
import type { SchemaOwner } from "../store/index.ts";

const createJobs: Migration = {
  id: "0001-create-jobs",
  up: async (context) => {
    const { db, type } = context;
    const shared = `organization text not null, plugin text not null, name text not null, input text not null,
      key_name text, priority ${type.integer} not null, attempt ${type.integer} not null,
      crashes ${type.integer} not null, error text, created_at ${type.integer} not null,
      actor text not null, cause text not null, trace text not null`;
    const active = `id text not null unique, state text not null, "rank" ${type.integer} not null,
      run_at ${type.integer} not null, token ${type.integer} not null, owner text,
      lease_until ${type.integer}, ${shared}`;
    const ended = `id text not null primary key, outcome text not null, ended_at ${type.integer} not null, ${shared}`;
    const owners = `id text not null primary key, started_at ${type.integer} not null`;
    await context.onSqlite(async () => {
      await sql
        .raw(`create table jobs_active (n integer primary key autoincrement, ${active}) strict`)
        .execute(db);
      await sql.raw(`create table jobs_ended (${ended}) strict`).execute(db);
      await sql.raw(`create table jobs_owners (${owners}) strict`).execute(db);
    });
    await context.onPostgres(async () => {
      await sql
        .raw(
          `create table jobs_active (n bigint generated always as identity primary key, ${active})`,
        )
        .execute(db);
      await sql.raw(`create table jobs_ended (${ended})`).execute(db);
      await sql.raw(`create table jobs_owners (${owners})`).execute(db);
    });
    // One index a state: what a claim reads holds nothing that cannot run now.
    for (const [name, columns, where] of INDEXES) {
      await sql
        .raw(`create index jobs_active_${name} on jobs_active (${columns}) where ${where}`)
        .execute(db);
    }
    await sql
      .raw(`create index jobs_ended_order on jobs_ended (organization, ended_at, id)`)
      .execute(db);
  },
};

const seeJobs: Migration = {
  id: "0002-see-jobs",
  up: async (context) => {
    const { db, type } = context;
    for (const table of ["jobs_active", "jobs_ended"]) {
      for (const column of ["progress text", "schedule text", `started_at ${type.integer}`]) {
        await sql.raw(`alter table ${table} add column ${column}`).execute(db);
      }
      await sql
        .raw(`create index ${table}_seen on ${table} (organization, created_at, id)`)
        .execute(db);
    }
    await sql
      .raw(`create index jobs_active_schedule on jobs_active (schedule) where schedule is not null`)
      .execute(db);
    await sql.raw(`create index jobs_ended_age on jobs_ended (ended_at)`).execute(db);
    await sql.raw(`drop index jobs_ended_order`).execute(db);
    // By organization first: a claim takes from each in turn.
    await sql.raw(`drop index jobs_active_ready`).execute(db);
    await sql
      .raw(
        `create index jobs_active_ready on jobs_active (organization, "rank", n) where state = 'ready'`,
      )
      .execute(db);
  },
};

/** Rows that hold a slot of their key; the same text in the index and in the query, which SQLite asks for. */
export const ADMITTED = `state in ('ready', 'suspect', 'running')`;

const INDEXES = [
  ["ready", `"rank", n`, `state = 'ready'`],
  ["suspect", `"rank", n`, `state = 'suspect'`],
  ["delayed", `run_at, n`, `state = 'delayed'`],
  ["waiting", `organization, plugin, name, key_name, "rank", n`, `state = 'waiting'`],
  ["admitted", `organization, plugin, name, key_name`, `key_name is not null and ${ADMITTED}`],
  ["running", `owner, lease_until`, `state = 'running'`],
] as const;

/** The engine's tables: queues of the installation, in which a row names its organization. */
export const jobsSchema: SchemaOwner = {
  id: "jobs",
  tables: { jobs_active: "instance", jobs_ended: "instance", jobs_owners: "instance" },
  migrations: [createJobs, seeJobs],
};
