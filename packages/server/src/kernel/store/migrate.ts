import { Buffer } from "node:buffer";
import { setTimeout } from "node:timers/promises";
import { isProblem, sha256, systemClock } from "../../base/index.ts";
import type { Clock } from "../../base/index.ts";
import type { Migration, MigrationContext, Report } from "../contract/index.ts";
import { storeSchema } from "./changes.ts";
import type { Driver, DriverResult, DriverStatement, DriverTransaction } from "./driver.ts";
import { raiseStore } from "./errors.ts";
import type { SchemaOwner } from "./hub.ts";
import { createDb } from "./kysely.ts";
import { columnTypes, portSchema } from "./schema-dialect.ts";

const LOCK_WAIT_MS = 60_000;
const LOCK_POLL_MS = 1_000;
/** Any number of our own: the advisory lock of whoever changes the schema. */
const MIGRATION_LOCK = 7_041_501;

/** What is to be migrated, and to what. */
export interface MigrateOptions {
  readonly driver: Driver;
  /** Every owner of tables; the store's own are added. */
  readonly owners: readonly SchemaOwner[];
  /** Version of the program; kept beside each migration it applies. */
  readonly version: string;
  readonly clock?: Clock;
  /** How long to wait for another process that migrates; 60,000 when left out. */
  readonly lockWaitMs?: number;
  /** Told before each migration, and once more at the end. */
  readonly report?: Report;
}

/** One migration of one owner. */
export interface MigrationName {
  readonly owner: string;
  readonly migration: string;
}

interface Applied extends MigrationName {
  readonly checksum: string;
}

interface Step extends MigrationName {
  readonly up: Migration["up"];
  readonly checksum: string;
}

/**
 * Brings the schema to what the owners declare, each migration in a transaction of its own, and returns what it applied.
 * Two processes may call it at once: one waits. Throws `store.newerSchema`, `store.migrationChanged`,
 * `store.migrationOrder`, `store.migrationLock`, `store.migrationFailed`.
 */
export async function migrate(options: MigrateOptions): Promise<readonly MigrationName[]> {
  const { driver } = options;
  const steps = await declaredSteps(options);
  const done: MigrationName[] = [];
  await driver.migrate(async (tx) => {
    if (driver.dialect === "postgres") await takeLock(tx, options.lockWaitMs ?? LOCK_WAIT_MS);
    await tx.execute({ sql: CREATE_MIGRATIONS[driver.dialect], parameters: [] });
    const { rows } = await tx.execute(SELECT_APPLIED);
    const pending = pendingSteps(steps, toApplied(rows), options.version);
    const tell = (): void =>
      options.report?.({
        doing: "migrating",
        done: done.length,
        total: pending.length,
        unit: "migrations",
      });
    for (const step of pending) {
      tell();
      await applyStep(options, tx, step);
      done.push({ owner: step.owner, migration: step.migration });
    }
    tell();
  });
  return done;
}

/** Lists what `migrate` would apply, and changes nothing. Throws what `migrate` would refuse. */
export async function planMigrations(options: MigrateOptions): Promise<readonly MigrationName[]> {
  const { driver } = options;
  const steps = await declaredSteps(options);
  const { rows: found } = await driver.query({
    sql: FIND_MIGRATIONS[driver.dialect],
    parameters: [],
  });
  const applied = found.length === 0 ? [] : toApplied((await driver.query(SELECT_APPLIED)).rows);
  return pendingSteps(steps, applied, options.version).map(({ owner, migration }) => ({
    owner,
    migration,
  }));
}

/** The last migration applied of each owner: what a backup says of itself. */
export async function schemaVersions(driver: Driver): Promise<Readonly<Record<string, string>>> {
  const { rows } = await driver.query(SELECT_APPLIED);
  return Object.fromEntries(toApplied(rows).map(({ owner, migration }) => [owner, migration]));
}

const FIND_MIGRATIONS = {
  sqlite: "select name from sqlite_master where type = 'table' and name = 'store_migrations'",
  postgres: "select 1 as found where to_regclass('store_migrations') is not null",
};

const CREATE_MIGRATIONS = {
  sqlite:
    "create table if not exists store_migrations (owner text not null, id text not null, checksum text not null, " +
    "version text not null, at integer not null, primary key (owner, id)) strict",
  postgres:
    'create table if not exists store_migrations (owner text collate "C" not null, id text collate "C" not null, ' +
    "checksum text not null, version text not null, at bigint not null, primary key (owner, id))",
};

const SELECT_APPLIED: DriverStatement = {
  sql: "select owner, id, checksum from store_migrations order by owner, id",
  parameters: [],
};

const INSERT_APPLIED = {
  sqlite: "insert into store_migrations (owner, id, checksum, version, at) values (?, ?, ?, ?, ?)",
  postgres:
    "insert into store_migrations (owner, id, checksum, version, at) values ($1, $2, $3, $4, $5)",
};

function toApplied(rows: DriverResult["rows"]): Applied[] {
  return rows.map((row) => ({
    owner: String(row["owner"]),
    migration: String(row["id"]),
    checksum: String(row["checksum"]),
  }));
}

async function declaredSteps({ driver, owners }: MigrateOptions): Promise<Step[]> {
  const steps: Step[] = [];
  for (const { id: owner, migrations = [] } of [storeSchema, ...owners]) {
    for (const migration of migrations.toSorted((a, b) => compare(a.id, b.id))) {
      const checksum = await checksumOf(driver.dialect, migration);
      steps.push({ owner, migration: migration.id, checksum, up: (ctx) => migration.up(ctx) });
    }
  }
  return steps;
}

function compare(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

/**
 * The checksum is of the SQL that a migration gives to an empty database, not of its source text: the same migration
 * has another text as TypeScript, as compiled JavaScript and under a test runner, and a comment is no change.
 */
async function checksumOf(dialect: Driver["dialect"], migration: Migration): Promise<string> {
  const lines: string[] = [];
  const context = createContext(dialect, (statement) => {
    lines.push(statement.sql.replaceAll(/\s+/g, " ").trim());
    return Promise.resolve({ rows: [], changes: 0 });
  });
  // A backfill may stumble over rows that are not there; it does so the same way every time.
  await migration.up(context).catch(() => lines.push("stopped"));
  return Buffer.from(sha256(lines.join("\n"))).toString("hex");
}

function createContext(
  dialect: Driver["dialect"],
  execute: (statement: DriverStatement) => Promise<DriverResult>,
): MigrationContext {
  return {
    dialect,
    type: columnTypes[dialect],
    db: createDb({ dialect, execute, prepare: (node) => portSchema(dialect, node) }),
    onSqlite: (run) => (dialect === "sqlite" ? run() : Promise.resolve()),
    onPostgres: (run) => (dialect === "postgres" ? run() : Promise.resolve()),
  };
}

function pendingSteps(
  steps: readonly Step[],
  applied: readonly Applied[],
  version: string,
): readonly Step[] {
  const owners = new Set(steps.map((step) => step.owner));
  for (const { owner, migration } of applied) {
    const isKnown = steps.some((step) => step.owner === owner && step.migration === migration);
    // Of an owner that is not installed now nothing can be said; its tables rest until it is back.
    if (owners.has(owner) && !isKnown) {
      throw raiseStore("store.newerSchema", { params: { migration, owner, version } });
    }
  }
  return steps.filter((step) => isPending(step, applied));
}

function isPending({ owner, migration, checksum }: Step, applied: readonly Applied[]): boolean {
  const own = applied.filter((row) => row.owner === owner);
  const row = own.find((known) => known.migration === migration);
  if (row === undefined) {
    const later = own.find((known) => known.migration > migration);
    if (later === undefined) return true;
    const params = { migration, owner, applied: later.migration };
    throw raiseStore("store.migrationOrder", { params });
  }
  if (row.checksum === checksum) return false;
  throw raiseStore("store.migrationChanged", { params: { migration, owner } });
}

async function applyStep(
  options: MigrateOptions,
  tx: DriverTransaction,
  step: Step,
): Promise<void> {
  const { driver, version, clock = systemClock } = options;
  const { owner, migration, checksum } = step;
  try {
    await tx.execute({
      sql: driver.dialect === "sqlite" ? "begin immediate" : "begin",
      parameters: [],
    });
    await step.up(createContext(driver.dialect, (statement) => tx.execute(statement)));
    await tx.execute({
      sql: INSERT_APPLIED[driver.dialect],
      parameters: [owner, migration, checksum, version, Math.floor(clock.now())],
    });
    await tx.execute({ sql: "commit", parameters: [] });
  } catch (cause) {
    const internal = isProblem(cause) ? String(cause.options.internal) : String(cause);
    throw raiseStore("store.migrationFailed", { params: { migration, owner }, cause, internal });
  }
}

async function takeLock(tx: DriverTransaction, waitMs: number): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += LOCK_POLL_MS) {
    const { rows } = await tx.execute({
      sql: "select pg_try_advisory_lock($1) as taken",
      parameters: [MIGRATION_LOCK],
    });
    if (rows[0]?.["taken"] === 1) return;
    if (waitedMs >= waitMs) {
      throw raiseStore("store.migrationLock", { params: { seconds: Math.round(waitMs / 1_000) } });
    }
    await setTimeout(Math.min(LOCK_POLL_MS, waitMs - waitedMs));
  }
}
