import { Client } from "pg";
import { expect, it } from "vitest";
import { isProblem } from "../../base/index.ts";
import { openTestDatabase } from "../../kernel/testing/test-database.ts";
import type { TestDatabase } from "../../kernel/testing/test-database.ts";
import { openPostgres } from "./index.ts";

const unavailable: unknown = expect.objectContaining({ code: "store.unavailable" });
const conflict: unknown = expect.objectContaining({ code: "store.conflict" });

async function openWithTable(): Promise<TestDatabase> {
  const database = await openTestDatabase("postgres");
  await database.driver.migrate(async (tx) => {
    const sql = "create table thing (id text primary key, amount bigint not null default 0)";
    await tx.execute({ sql, parameters: [] });
  });
  return database;
}

async function asAdmin<TValue>(
  url: string,
  run: (client: Client) => Promise<TValue>,
): Promise<TValue> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

async function countThings(database: TestDatabase): Promise<unknown> {
  const sql = "select count(*) as n from thing";
  return (await database.driver.query({ sql, parameters: [] })).rows[0]?.["n"];
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", resolve);
  });
}

const insert = (id: string): { sql: string; parameters: string[] } => ({
  sql: "insert into thing (id) values ($1)",
  parameters: [id],
});

it("stores nothing of a transaction whose backend is killed, and goes on over new connections", async () => {
  await using database = await openWithTable();
  const { driver, url = "" } = database;
  const killed = driver.transaction(async (tx) => {
    await tx.execute(insert("a"));
    const { rows } = await tx.execute({ sql: "select pg_backend_pid() as pid", parameters: [] });
    await asAdmin(url, (admin) =>
      admin.query("select pg_terminate_backend($1)", [rows[0]?.["pid"]]),
    );
    await tx.execute(insert("b"));
  });
  await expect(killed).rejects.toEqual(unavailable);
  expect(await countThings(database)).toBe(0);
  await driver.transaction((tx) => tx.execute(insert("a")));
  expect(await countThings(database)).toBe(1);
});

it("serves on after every one of its backends was killed", async () => {
  await using database = await openWithTable();
  const { driver, url = "" } = database;
  await Promise.all([driver.append([insert("a")]), driver.now()]);
  await asAdmin(url, (admin) =>
    admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    ),
  );
  const retried = async (run: () => Promise<unknown>): Promise<unknown> => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await run();
      } catch (error) {
        const isUnavailable = isProblem(error) && error.code === "store.unavailable";
        if (!isUnavailable || attempt === 20) throw error;
      }
    }
  };
  await retried(() => driver.append([insert("b")]));
  await retried(() => driver.now());
  expect(await countThings(database)).toBe(2);
});

it("runs a transaction again that lost a race between two serializable ones", async () => {
  await using database = await openWithTable();
  const { url = "" } = database;
  const name = new URL(url).pathname.slice(1);
  await asAdmin(url, (admin) =>
    admin.query(`alter database ${name} set default_transaction_isolation = 'repeatable read'`),
  );
  const driver = await database.openAnother();
  await driver.append([insert("a")]);
  let runs = 0;
  const increment = (): Promise<void> =>
    driver.transaction(async (tx) => {
      runs += 1;
      const { rows } = await tx.execute({ sql: "select amount from thing", parameters: [] });
      const amount = Number(rows[0]?.["amount"]) + 1;
      await tx.execute({ sql: "update thing set amount = $1", parameters: [amount] });
    });
  await Promise.all([increment(), increment(), increment()]);
  const { rows } = await driver.query({ sql: "select amount from thing", parameters: [] });
  expect(rows).toEqual([{ amount: 3 }]);
  expect(runs).toBeGreaterThanOrEqual(3);
});

it("tells a process whose backend was killed to stop, and lets another take the role", async () => {
  await using database = await openWithTable();
  const { driver, url = "" } = database;
  const another = await database.openAnother();
  const elected = { first: Promise.withResolvers<void>(), second: Promise.withResolvers<void>() };
  const stopped = Promise.withResolvers<void>();
  const stepDown = driver.elect("sequencer", {
    run: async (signal) => {
      elected.first.resolve();
      await aborted(signal);
      stopped.resolve();
    },
  });
  await elected.first.promise;
  another.elect("sequencer", {
    run: async (signal) => {
      elected.second.resolve();
      await aborted(signal);
    },
  });
  await asAdmin(url, (admin) =>
    admin.query(
      "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
    ),
  );
  await stopped.promise;
  // The first may win again with its next connection; it is the lock, not the order, that decides.
  await stepDown();
  await expect(elected.second.promise).resolves.toBeUndefined();
});

it("never has two processes in one role, and hands it over when one steps down", async () => {
  await using database = await openWithTable();
  const another = await database.openAnother();
  let running = 0;
  let most = 0;
  const turns = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let turn = 0;
  const election = {
    run: async (signal: AbortSignal) => {
      running += 1;
      most = Math.max(most, running);
      turns[turn]?.resolve();
      turn += 1;
      await aborted(signal);
      running -= 1;
    },
  };
  const stepDown = database.driver.elect("scheduler", election);
  await turns[0]?.promise;
  another.elect("scheduler", election);
  await stepDown();
  await turns[1]?.promise;
  expect(most).toBe(1);
});

it("carries hints to another process, also after its listening connection was killed", async () => {
  await using database = await openWithTable();
  const { driver, url = "" } = database;
  const another = await database.openAnother();
  let heard = Promise.withResolvers<void>();
  another.onNotify("jobs", () => heard.resolve());
  const hintUntilHeard = async (): Promise<void> => {
    const timer = setInterval(() => driver.notify("jobs"), 20);
    await heard.promise;
    clearInterval(timer);
  };
  await hintUntilHeard();
  await asAdmin(url, (admin) =>
    admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen%'",
    ),
  );
  heard = Promise.withResolvers<void>();
  await expect(hintUntilHeard()).resolves.toBeUndefined();
});

it.each(["fsync", "full_page_writes", "synchronous_commit"])(
  "refuses to start over a database with %s off",
  async (setting) => {
    await using database = await openWithTable();
    const { url = "" } = database;
    // Server-wide settings cannot be changed beside other tests; a view in front of the catalog says the same.
    const name = new URL(url).pathname.slice(1);
    await asAdmin(url, async (admin) => {
      if (setting === "synchronous_commit") {
        await admin.query(`alter database ${name} set synchronous_commit = off`);
        return;
      }
      await admin.query("create schema before");
      await admin.query(
        `create view before.pg_settings as select name, case when name = '${setting}' then 'off' else setting end as setting from pg_catalog.pg_settings`,
      );
      await admin.query(`alter database ${name} set search_path = before, pg_catalog, public`);
    });
    await expect(openPostgres({ url })).rejects.toEqual(
      expect.objectContaining({
        code: "store.unsafeDatabase",
        message: expect.stringContaining(`${setting} = off`),
      }),
    );
  },
);

it("says that its backup is made elsewhere", async () => {
  await using database = await openTestDatabase("postgres");
  await expect(database.driver.backup("/tmp/never-written")).rejects.toEqual(
    expect.objectContaining({ code: "store.backupElsewhere" }),
  );
});

it("refuses an address where nobody answers", async () => {
  const opening = openPostgres({ url: "postgres://nobody:secret@127.0.0.1:1/none" });
  await expect(opening).rejects.toEqual(unavailable);
});

it("names the constraint that a batch met", async () => {
  await using database = await openWithTable();
  const { driver } = database;
  await driver.append([insert("a")]);
  expect(await driver.append([insert("a")])).toEqual({
    index: 0,
    changes: 0,
    constraint: "thing_pkey",
  });
  await expect(driver.transaction((tx) => tx.execute(insert("a")))).rejects.toEqual(conflict);
});

it("keeps no statement waiting in pg's own queue, which pg 9 refuses", async () => {
  const warnings: Error[] = [];
  const keep = (warning: Error): void => void warnings.push(warning);
  process.on("warning", keep);
  await using database = await openWithTable();
  const { driver } = database;
  const names = ["one", "two", "three", "four"];
  await driver.transaction((tx) => Promise.all(names.map((name) => tx.execute(insert(name)))));
  const other = await database.openAnother();
  const told = names.map(() => Promise.withResolvers<void>());
  for (const [index, name] of names.entries()) other.onNotify(name, () => told[index]?.resolve());
  const withdrawals = names.map((name) =>
    driver.elect(name, { run: async (signal) => void (await aborted(signal)) }),
  );
  const again = setInterval(() => {
    for (const name of names) driver.notify(name);
  }, 20);
  await Promise.all(told.map(({ promise }) => promise));
  clearInterval(again);
  await Promise.all(withdrawals.map((withdraw) => withdraw()));
  process.off("warning", keep);
  expect(warnings).toEqual([]);
  expect(await countThings(database)).toBe(4);
});

it("clears dead rows away and learns a table's size within seconds, without waiting for autovacuum", async () => {
  await using database = await openWithTable();
  const { driver } = database;
  await driver.append([
    {
      sql: "insert into thing (id) select cast(n as text) from generate_series(1, 12000) as n",
      parameters: [],
    },
  ]);
  await driver.append([{ sql: "delete from thing where length(id) > 3", parameters: [] }]);
  const seen = async (): Promise<unknown> => {
    const { rows } = await driver.query({
      sql: "select vacuum_count > 0 and analyze_count > 0 as tended from pg_stat_user_tables where relname = 'thing'",
      parameters: [],
    });
    return rows[0]?.["tended"];
  };
  await expect.poll(seen, { timeout: 30_000, interval: 200 }).toBe(1);
}, 40_000);
