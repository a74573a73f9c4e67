import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import type { Driver, DriverStatement } from "../../kernel/store/index.ts";
import { openSqlite } from "./index.ts";
import type { SqliteOptions } from "./index.ts";

interface Opened extends AsyncDisposable {
  readonly driver: Driver;
  readonly file: string;
}

/** A file with one table, in a folder of its own; a group stays open long enough for whatever a test sends at once. */
async function openFile(options: Partial<SqliteOptions> = {}): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), "portico-group-"));
  const file = join(folder, "portico.db");
  const driver = await openSqlite({ file, groupMs: 60_000, idleMs: 5_000, ...options });
  await driver.migrate(async (tx) => {
    const sql = "create table if not exists thing (id text primary key, body blob) strict";
    await tx.execute({ sql, parameters: [] });
  });
  return {
    driver,
    file,
    [Symbol.asyncDispose]: async () => {
      await driver.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function insert(id: string, bytes = 0): DriverStatement {
  return {
    sql: "insert into thing (id, body) values (?, ?)",
    parameters: [id, new Uint8Array(bytes)],
  };
}

async function idsOf(driver: Driver): Promise<unknown[]> {
  const { rows } = await driver.query({ sql: "select id from thing order by id", parameters: [] });
  return rows.map((row) => row["id"]);
}

const HUGE = 1_000_000;
const unavailable: unknown = expect.objectContaining({ code: "store.unavailable" });

it("stores nothing of a group in which the disk becomes full, and asks all of it to try again", async () => {
  await using opened = await openFile({ maxPageCount: 100 });
  const { driver } = opened;
  const outcomes = await Promise.allSettled([
    driver.append([insert("before")]),
    driver.append([insert("huge", HUGE)]),
  ]);
  expect(outcomes.map(reasonOf)).toEqual([unavailable, unavailable]);
  expect(await idsOf(driver)).toEqual([]);
  await driver.append([insert("after")]);
  expect(await idsOf(driver)).toEqual(["after"]);
});

it("does not tell a refusal that rests on a neighbour whose group is lost", async () => {
  await using opened = await openFile({ maxPageCount: 100 });
  const { driver } = opened;
  const outcomes = await Promise.allSettled([
    driver.append([insert("same")]),
    // Refused by the row above alone: were it told "taken", the value would be free.
    driver.append([insert("same")]),
    driver.append([insert("huge", HUGE)]),
  ]);
  expect(outcomes.map(reasonOf)).toEqual([unavailable, unavailable, unavailable]);
  expect(await driver.append([insert("same")])).toBeUndefined();
});

it("does not tell what a transaction decided by a neighbour whose group is lost", async () => {
  await using opened = await openFile({ maxPageCount: 100 });
  const { driver } = opened;
  const judged: unknown[] = [];
  const outcomes = await Promise.allSettled([
    driver.append([insert("same")]),
    driver.transaction(async (tx) => {
      const { rows } = await tx.execute({ sql: "select id from thing", parameters: [] });
      judged.push(rows.length);
      if (rows.length > 0) throw new RangeError("there is one already");
    }),
    driver.append([insert("huge", HUGE)]),
  ]);
  expect(judged).toEqual([1]);
  expect(outcomes.map(reasonOf)).toEqual([unavailable, unavailable, unavailable]);
});

it("loses the group, and no more, when the disk becomes full inside a transaction", async () => {
  await using opened = await openFile({ maxPageCount: 100 });
  const { driver } = opened;
  const outcomes = await Promise.allSettled([
    driver.append([insert("before")]),
    driver.transaction(async (tx) => {
      await tx.execute(insert("inside"));
      await tx.execute(insert("huge", HUGE)).catch(() => undefined);
      await tx.execute(insert("later")).catch(() => undefined);
    }),
  ]);
  expect(outcomes.map(reasonOf)).toEqual([unavailable, unavailable]);
  expect(await idsOf(driver)).toEqual([]);
  await driver.transaction((tx) => tx.execute(insert("next")));
  expect(await idsOf(driver)).toEqual(["next"]);
});

it("tells an outcome only when it is in the file: another connection sees it at once", async () => {
  await using opened = await openFile({ pause: { before: 30, after: 0 } });
  const { driver, file } = opened;
  const other = new DatabaseSync(file, { readOnly: true });
  const count = (): unknown => other.prepare("select count(*) as n from thing").get()?.["n"];
  try {
    const accepted = driver.append([insert("a")]);
    expect(count()).toBe(0);
    await accepted;
    expect(count()).toBe(1);
  } finally {
    other.close();
  }
});

it("answers all that is outstanding when the file is held by another program", async () => {
  await using opened = await openFile();
  const { driver, file } = opened;
  const other = new DatabaseSync(file);
  try {
    other.exec("begin immediate");
    const outcomes = await Promise.allSettled([
      driver.append([insert("a")]),
      driver.transaction((tx) => tx.execute(insert("b"))),
    ]);
    expect(outcomes.map(reasonOf)).toEqual([unavailable, unavailable]);
    other.exec("rollback");
    expect(await driver.append([insert("a")])).toBeUndefined();
  } finally {
    other.close();
  }
});

it("keeps what it was told to keep over a close and an open", async () => {
  await using opened = await openFile();
  await opened.driver.append([insert("a")]);
  await opened.driver.close();
  const again = await openSqlite({ file: opened.file });
  try {
    expect(await idsOf(again)).toEqual(["a"]);
  } finally {
    await again.close();
  }
});

it("syncs every commit, journals ahead, and gives pages back", async () => {
  await using opened = await openFile();
  const { driver } = opened;
  const pragma = (name: string): Promise<unknown> =>
    driver.transaction(async (tx) => {
      const { rows } = await tx.execute({ sql: `pragma ${name}`, parameters: [] });
      return Object.values(rows[0] ?? {})[0];
    });
  expect(await pragma("synchronous")).toBe(2);
  expect(await pragma("journal_mode")).toBe("wal");
  expect(await pragma("auto_vacuum")).toBe(2);
  expect(await pragma("foreign_keys")).toBe(1);
});

it("refuses a file that is no database", async () => {
  const opening = openSqlite({ file: "/dev/null/portico.db" });
  await expect(opening).rejects.toEqual(unavailable);
});

it("sends only the bytes that a view shows", async () => {
  await using opened = await openFile();
  const { driver } = opened;
  const view = Uint8Array.from([1, 2, 3, 4, 5]).subarray(1, 3);
  const sql = "insert into thing (id, body) values (?, ?)";
  await driver.append([{ sql, parameters: ["a", view] }]);
  const { rows } = await driver.query({ sql: "select body from thing", parameters: [] });
  expect(rows).toStrictEqual([{ body: Uint8Array.from([2, 3]) }]);
});

function reasonOf(outcome: PromiseSettledResult<unknown>): unknown {
  return outcome.status === "rejected" ? outcome.reason : outcome.value;
}
