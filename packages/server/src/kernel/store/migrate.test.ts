import { expect, it } from "vitest";
import type { Migration } from "../contract/index.ts";
import { describeStore } from "../testing/describe-store.ts";
import { migrate, planMigrations, schemaVersions } from "./index.ts";
import type { Driver, MigrationName, SchemaOwner } from "./index.ts";

function createTable(id: string, table: string, column = "id"): Migration {
  return {
    id,
    async up({ db, type }) {
      await db.schema.createTable(table).addColumn(column, type.text).execute();
    },
  };
}

function ownerOf(...migrations: readonly Migration[]): SchemaOwner {
  return { id: "shop", migrations };
}

const first = createTable("0001-first", "shop_first");
const second = createTable("0002-second", "shop_second");

function run(driver: Driver, owner: SchemaOwner): Promise<readonly MigrationName[]> {
  return migrate({ driver, owners: [owner], version: "1.2.3", lockWaitMs: 100 });
}

const code = (text: string): unknown => expect.objectContaining({ code: text });

describeStore("migrate", (open) => {
  it("applies each migration once, in the order of their ids", async () => {
    await using database = await open();
    const { driver } = database;
    expect(await run(driver, ownerOf(second, first))).toEqual([
      { owner: "shop", migration: "0001-first" },
      { owner: "shop", migration: "0002-second" },
    ]);
    expect(await run(driver, ownerOf(first, second))).toEqual([]);
    expect(await schemaVersions(driver)).toMatchObject({ shop: "0002-second" });
  });

  it("lists what is pending and changes nothing", async () => {
    await using database = await open();
    const { driver } = database;
    await run(driver, ownerOf(first));
    const options = { driver, owners: [ownerOf(first, second)], version: "1.2.3" };
    const pending = [{ owner: "shop", migration: "0002-second" }];
    expect(await planMigrations(options)).toEqual(pending);
    expect(await planMigrations(options)).toEqual(pending);
  });

  it("takes a migration for the same whatever its text, as long as it does the same", async () => {
    await using database = await open();
    const { driver } = database;
    await run(driver, ownerOf(first));
    const rewritten: Migration = {
      id: "0001-first",
      up: ({ db, type }) =>
        // Another text of the same steps, as a compiler would make it.
        db.schema.createTable("shop_first").addColumn("id", type.text).execute(),
    };
    expect(await run(driver, ownerOf(rewritten))).toEqual([]);
  });

  it("refuses a migration that was changed after it was applied", async () => {
    await using database = await open();
    const { driver } = database;
    await run(driver, ownerOf(first));
    const changed = ownerOf(createTable("0001-first", "shop_first", "name"), second);
    await expect(run(driver, changed)).rejects.toEqual(code("store.migrationChanged"));
    await expect(run(driver, ownerOf(first))).resolves.toEqual([]);
  });

  it("refuses a database that a newer version has migrated, and says by what", async () => {
    await using database = await open();
    const { driver } = database;
    await run(driver, ownerOf(first, second));
    await expect(run(driver, ownerOf(first))).rejects.toEqual(
      expect.objectContaining({
        code: "store.newerSchema",
        message: expect.stringMatching(/0002-second.*shop.*1\.2\.3/),
      }),
    );
  });

  it("refuses a migration that sorts before one already applied", async () => {
    await using database = await open();
    const { driver } = database;
    await run(driver, ownerOf(second));
    await expect(run(driver, ownerOf(first, second))).rejects.toEqual(code("store.migrationOrder"));
  });

  it("stores nothing of a migration that fails half way, and keeps those before it", async () => {
    await using database = await open();
    const { driver } = database;
    const halfWay: Migration = {
      id: "0002-half",
      async up({ db, type }) {
        await db.schema.createTable("shop_half").addColumn("id", type.text).execute();
        await db.schema.createTable("shop_first").addColumn("id", type.text).execute();
      },
    };
    await expect(run(driver, ownerOf(first, halfWay))).rejects.toEqual(
      code("store.migrationFailed"),
    );
    const mended = ownerOf(first, createTable("0002-half", "shop_half"));
    expect(await run(driver, mended)).toEqual([{ owner: "shop", migration: "0002-half" }]);
  });

  it("moves rows within a migration", async () => {
    await using database = await open();
    const { driver } = database;
    const fill: Migration = {
      id: "0002-fill",
      async up({ db }) {
        await db.insertInto("shop_first").values({ id: "a" }).execute();
        await db.updateTable("shop_first").set({ id: "b" }).execute();
      },
    };
    await run(driver, ownerOf(first, fill));
    const { rows } = await driver.query({ sql: "select id from shop_first", parameters: [] });
    expect(rows).toEqual([{ id: "b" }]);
  });

  it("lets two processes that start at once apply every migration once", async () => {
    await using database = await open();
    const { driver } = database;
    const another = database.kind === "postgres" ? await database.openAnother() : driver;
    const owner = ownerOf(first, second);
    const both = await Promise.all([
      migrate({ driver, owners: [owner], version: "1.2.3" }),
      migrate({ driver: another, owners: [owner], version: "1.2.3" }),
    ]);
    expect(both.flat()).toHaveLength(2);
  });

  it("makes columns hold only what they say", async () => {
    await using database = await open();
    const { driver } = database;
    const strict: Migration = {
      id: "0001-first",
      async up({ db, type }) {
        await db.schema.createTable("shop_first").addColumn("amount", type.integer).execute();
      },
    };
    await run(driver, ownerOf(strict));
    const sql = "insert into shop_first (amount) values ('many')";
    await expect(driver.append([{ sql, parameters: [] }])).rejects.toEqual(code("store.badValue"));
  });
});

it("gives up on PostgreSQL when another process holds the schema for too long", async () => {
  const { openTestDatabase } = await import("../testing/test-database.ts");
  await using database = await openTestDatabase("postgres");
  const { driver } = database;
  const held = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const holder = driver.migrate(async (tx) => {
    await tx.execute({ sql: "select pg_advisory_lock(7041501) as held", parameters: [] });
    held.resolve();
    await release.promise;
  });
  await held.promise;
  await expect(run(driver, ownerOf(first))).rejects.toEqual(code("store.migrationLock"));
  release.resolve();
  await holder;
  expect(await run(driver, ownerOf(first))).toHaveLength(1);
});
