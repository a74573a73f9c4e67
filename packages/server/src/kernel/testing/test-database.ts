import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../base/index.ts";
import { openPostgres } from "../../drivers/postgres/index.ts";
import { openSqlite } from "../../drivers/sqlite/index.ts";
import { migrate } from "../store/index.ts";
import type { Driver, SchemaOwner } from "../store/index.ts";
import { cloneDatabase, dropDatabase } from "./postgres-server.ts";

/** The three databases that every promise of the store is held on. */
export type StoreKind = "sqlite" | "memory" | "postgres";

/** All of them, in the order in which suites run. */
export const storeKinds: readonly StoreKind[] = ["sqlite", "memory", "postgres"];

/** How a test's database is opened. */
export interface TestDatabaseOptions {
  /** Whose tables it has at the start; the store's own always. */
  readonly owners?: readonly SchemaOwner[];
  /** See the drivers; long when left out, since test machines stand still now and then. */
  readonly idleMs?: number;
  readonly clock?: Clock;
}

/** A database of one test, gone with it. */
export interface TestDatabase {
  readonly kind: StoreKind;
  readonly driver: Driver;
  /** Of the SQLite file. */
  readonly file: string | undefined;
  /** Of the PostgreSQL database. */
  readonly url: string | undefined;
  /** Another driver on the same database, as another process would have. PostgreSQL only. */
  openAnother(): Promise<Driver>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Where the tests' PostgreSQL is: set by the global setup of the test run. */
export const POSTGRES_URL_VARIABLE = "PORTICO_TEST_POSTGRES_URL";
/** Optional: a database of that server whose tables are there already, for tests that bring no owners of their own. */
export const MIGRATED_URL_VARIABLE = "PORTICO_TEST_POSTGRES_MIGRATED_URL";

/**
 * Opens a fresh, migrated database. PostgreSQL needs the server that `tests/setup/postgres.ts` starts.
 *
 * @example
 * await using database = await openTestDatabase("memory");
 * await database.driver.query({ sql: "select 1 as one", parameters: [] });
 */
export async function openTestDatabase(
  kind: StoreKind,
  options: TestDatabaseOptions = {},
): Promise<TestDatabase> {
  const database = kind === "postgres" ? await openClone(options) : await openFile(kind, options);
  await migrate({ driver: database.driver, owners: options.owners ?? [], version: "0.0.0-test" });
  return database;
}

async function openFile(
  kind: "sqlite" | "memory",
  options: TestDatabaseOptions,
): Promise<TestDatabase> {
  const folder = kind === "sqlite" ? await mkdtemp(join(tmpdir(), "portico-store-")) : undefined;
  const file = folder === undefined ? undefined : join(folder, "portico.db");
  const driver = await openSqlite({
    file: file ?? ":memory:",
    idleMs: options.idleMs ?? 5_000,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  return {
    kind,
    driver,
    file,
    url: undefined,
    openAnother: () => Promise.reject(new Error("SQLite has one process")),
    [Symbol.asyncDispose]: async () => {
      await driver.close();
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

async function openClone(options: TestDatabaseOptions): Promise<TestDatabase> {
  const template = process.env[POSTGRES_URL_VARIABLE];
  if (template === undefined) {
    throw new Error(
      `${POSTGRES_URL_VARIABLE} is not set: run the tests with the root vitest.config.ts`,
    );
  }
  const migrated = options.owners === undefined ? process.env[MIGRATED_URL_VARIABLE] : undefined;
  const url = await cloneDatabase(migrated ?? template, `test_${randomBytes(8).toString("hex")}`);
  const open = (): Promise<Driver> =>
    openPostgres({
      url,
      pool: 6,
      idleMs: options.idleMs ?? 5_000,
      applicationName: "portico-test",
    });
  const drivers = [await open()];
  const [driver] = drivers as [Driver];
  return {
    kind: "postgres",
    driver,
    file: undefined,
    url,
    openAnother: async () => {
      const another = await open();
      drivers.push(another);
      return another;
    },
    [Symbol.asyncDispose]: async () => {
      for (const each of drivers) await each.close();
      await dropDatabase(url);
    },
  };
}
