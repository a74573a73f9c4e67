import type { DatabaseSync } from "node:sqlite";

/**
 * Forward steps of `requests.db`, by `user_version`. The first is what stood in files before they had a version, so it
 * is written to find its table there already. A released step is never edited.
 */
const steps: readonly string[] = [
  `create table if not exists requests (
    position integer primary key,
    organization text not null,
    id text not null,
    trace text not null,
    subject text not null,
    at integer not null,
    duration_ms real not null,
    method text not null,
    route text not null,
    path text not null,
    status integer not null,
    code text,
    client_address text not null,
    kept text not null
  ) strict;
  create index if not exists requests_newest on requests (organization, position);
  create index if not exists requests_thread on requests (organization, trace);`,
  `alter table requests add column api text;
  alter table requests add column version text;
  alter table requests add column credential text;
  alter table requests add column credential_name text;
  alter table requests add column bytes_in integer;
  alter table requests add column bytes_out integer;
  alter table requests add column upstream_ms real;
  alter table requests add column cache text;
  alter table requests add column details text;
  create index requests_id on requests (organization, id);`,
  // An id is looked for over all organizations as well.
  `drop index requests_id;
  create index requests_id on requests (id);`,
];

/**
 * Brings the file to this version. One that a later version wrote is used as it is: steps only ever add columns that
 * may be empty.
 */
export function migrateFile(database: DatabaseSync): void {
  const found = Number(database.prepare("pragma user_version").get()?.["user_version"] ?? 0);
  for (const [index, step] of steps.entries()) {
    if (index < found) continue;
    database.exec("begin immediate");
    try {
      database.exec(step);
      database.exec(`pragma user_version = ${index + 1}`);
      database.exec("commit");
    } catch (error) {
      if (database.isTransaction) database.exec("rollback");
      throw error;
    }
  }
}
