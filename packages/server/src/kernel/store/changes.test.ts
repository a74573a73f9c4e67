import { expect, it } from "vitest";
import { systemClock } from "../../base/index.ts";
import { describeStore } from "../testing/describe-store.ts";
import { fakeClock } from "../testing/fake-clock.ts";
import { silentWriters, testOrigin } from "../testing/store-parts.ts";
import type { TestDatabase } from "../testing/test-database.ts";
import { createChangeFeed, createStoreHub, EVERYTHING } from "./index.ts";
import type { Driver, DriverStatement, StoreHub } from "./index.ts";

function hubOf(driver: Driver): StoreHub {
  return createStoreHub({ driver, owners: [], writers: silentWriters(), clock: systemClock });
}

const options = { scope: { organization: "acme" }, origin: testOrigin };

function mark(database: TestDatabase, id: string): Promise<void> {
  return hubOf(database.driver).append(options, (batch) => batch.as("keys").changed("key", id));
}

/** A change that was written without its hint, as by a process whose NOTIFY was lost. */
function changeRow({ driver }: TestDatabase, at: number): DriverStatement {
  const places = driver.dialect === "sqlite" ? "?, ?, ?" : "$1, $2, $3";
  const sql = `insert into store_changes (kind, id, at) values (${places})`;
  return { sql, parameters: ["key", "direct", at] };
}

describeStore("change feed", (open) => {
  it("tells watchers of a kind what was committed, each once and in order, and nobody else", async () => {
    await using database = await open();
    const feed = await createChangeFeed({ driver: database.driver, clock: fakeClock() });
    const dropped: string[] = [];
    const others: string[] = [];
    feed.watch("key", (id) => dropped.push(id));
    feed.watch("route", (id) => others.push(id));
    feed.watch("key", (id) => others.push(id))();
    await mark(database, "a");
    await mark(database, "b");
    await feed.poll();
    await feed.poll();
    expect(dropped).toEqual(["a", "b"]);
    expect(others).toEqual([]);
    await feed.stop();
  });

  it("tells nothing of a transaction that was rolled back", async () => {
    await using database = await open();
    const feed = await createChangeFeed({ driver: database.driver, clock: fakeClock() });
    const dropped: string[] = [];
    feed.watch("key", (id) => dropped.push(id));
    const failed = hubOf(database.driver).transaction(options, async (session) => {
      session.as("keys").changed("key", "a");
      await Promise.reject(new RangeError("no"));
    });
    await expect(failed).rejects.toThrow(RangeError);
    await mark(database, "b");
    await feed.poll();
    expect(dropped).toEqual(["b"]);
    await feed.stop();
  });

  it("loses no change of transactions that commit in another order than they began", async () => {
    await using database = await open();
    const feed = await createChangeFeed({ driver: database.driver, clock: fakeClock() });
    const dropped = new Set<string>();
    feed.watch("key", (id) => dropped.add(id));
    const hub = hubOf(database.driver);
    const ids = Array.from({ length: 30 }, (_, index) => `k${String(index)}`);
    const writes = ids.map((id, index) =>
      hub.transaction(options, async (session) => {
        const tx = session.as("keys");
        for (let step = 0; step < index % 5; step += 1) await tx.now();
        tx.changed("key", id);
      }),
    );
    const readers = Array.from({ length: 20 }, () => feed.poll());
    await Promise.all([...writes, ...readers]);
    await feed.poll();
    expect([...dropped].toSorted()).toEqual(ids.toSorted());
    await feed.stop();
  });

  it("is read every half second, without a hint", async () => {
    await using database = await open();
    const clock = fakeClock();
    const feed = await createChangeFeed({ driver: database.driver, clock });
    const told = Promise.withResolvers<string>();
    feed.watch("key", told.resolve);
    await database.driver.append([changeRow(database, clock.now())]);
    await clock.advance(500);
    expect(await told.promise).toBe("direct");
    expect(feed.stale()).toBe(false);
    await feed.stop();
  });

  it("is stale when the database does not answer", async () => {
    await using database = await open();
    const clock = fakeClock();
    const feed = await createChangeFeed({ driver: database.driver, clock });
    await database.driver.close();
    await clock.advance(1_200);
    await feed.poll();
    expect(feed.stale()).toBe(true);
    await feed.stop();
  });

  it("says that everything may have changed after it was out of reach for long", async () => {
    await using database = await open();
    const { driver } = database;
    const clock = fakeClock();
    let isAway = false;
    const query: Driver["query"] = (statement) =>
      isAway ? Promise.reject(new Error("away")) : driver.query(statement);
    const feed = await createChangeFeed({ driver: { ...driver, query }, clock });
    const dropped: string[] = [];
    feed.watch("key", (id) => dropped.push(id));
    isAway = true;
    await clock.advance(6 * 60_000);
    expect(dropped).toEqual([]);
    isAway = false;
    await feed.poll();
    expect(dropped).toContain(EVERYTHING);
    expect(feed.stale()).toBe(false);
    await feed.stop();
  });

  it("forgets changes that everybody has read long ago", async () => {
    await using database = await open();
    const { driver } = database;
    const clock = fakeClock();
    const feed = await createChangeFeed({ driver, clock });
    await clock.advance(61_000);
    await driver.append([changeRow(database, clock.now() - 3_600_000)]);
    await driver.append([changeRow(database, clock.now())]);
    await feed.poll();
    await feed.stop();
    const { rows } = await driver.query({ sql: "select at from store_changes", parameters: [] });
    expect(rows).toEqual([{ at: clock.now() }]);
  });
});
