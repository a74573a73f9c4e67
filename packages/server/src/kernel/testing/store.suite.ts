import { expect, it } from "vitest";
import type { Driver, DriverStatement, SchemaOwner } from "../store/index.ts";
import type { OpenTestDatabase } from "./describe-store.ts";

/** A table of every portable type, for the cases below. */
const things: SchemaOwner = {
  id: "things",
  tables: { things_thing: "instance" },
  migrations: [
    {
      id: "0001-create-things",
      async up({ db, type }) {
        await db.schema
          .createTable("things_thing")
          .addColumn("id", type.text, (column) => column.primaryKey())
          .addColumn("amount", type.integer)
          .addColumn("ratio", type.real)
          .addColumn("body", type.bytes)
          .execute();
      },
    },
  ],
};

/** Writes `?` for both databases. */
function statement(driver: Driver, text: string, ...parameters: unknown[]): DriverStatement {
  let index = 0;
  const sql =
    driver.dialect === "sqlite" ? text : text.replaceAll("?", () => `$${String((index += 1))}`);
  // Some cases give what no type would let through.
  return { sql, parameters: parameters as DriverStatement["parameters"] };
}

function insert(driver: Driver, id: string, amount: unknown = 0): DriverStatement {
  return statement(driver, "insert into things_thing (id, amount) values (?, ?)", id, amount);
}

async function idsOf(driver: Driver): Promise<unknown[]> {
  const sql = "select id from things_thing order by id";
  return (await driver.query({ sql, parameters: [] })).rows.map((row) => row["id"]);
}

const problem = (code: string): unknown => expect.objectContaining({ code });

/** What every driver of the store promises. Called inside `describeStore`. */
export function storeSuite(open: OpenTestDatabase): void {
  transactionCases(open);
  appendCases(open);
  valueCases(open);
  handleCases(open);
}

function transactionCases(open: OpenTestDatabase): void {
  it("stores nothing of a transaction whose function throws, and passes its error on", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    const failed = driver.transaction(async (tx) => {
      await tx.execute(insert(driver, "a"));
      throw new RangeError("changed my mind");
    });
    await expect(failed).rejects.toThrow(RangeError);
    expect(await idsOf(driver)).toEqual([]);
  });

  it("lets a transaction read what it has written, and nobody else before its end", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    let seenOutside: Promise<unknown[]> | undefined;
    const seenInside = await driver.transaction(async (tx) => {
      await tx.execute(insert(driver, "a"));
      seenOutside ??= idsOf(driver);
      // On a file and on PostgreSQL the read is over before; in memory it waits for the group.
      if (database.kind !== "memory") await seenOutside;
      const sql = "select id from things_thing";
      return (await tx.execute({ sql, parameters: [] })).rows;
    });
    expect(seenInside).toEqual([{ id: "a" }]);
    expect(await seenOutside).toEqual(database.kind === "memory" ? ["a"] : []);
  });

  it("refuses a second row of a unique value as a conflict and ends the transaction", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    const later: unknown[] = [];
    const failed = driver.transaction(async (tx) => {
      await tx.execute(insert(driver, "a"));
      await tx.execute(insert(driver, "a")).catch((error: unknown) => later.push(error));
      await tx.execute(insert(driver, "b")).catch((error: unknown) => later.push(error));
    });
    await expect(failed).rejects.toEqual(problem("store.conflict"));
    expect(later).toEqual([problem("store.conflict"), problem("store.conflict")]);
    expect(await idsOf(driver)).toEqual([]);
  });

  it("holds a statement of a transaction to its number of rows", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    const update = statement(driver, "update things_thing set amount = 1 where id = ?", "nobody");
    const failed = driver.transaction((tx) => tx.execute({ ...update, rows: 1 }));
    await expect(failed).rejects.toEqual(problem("store.conflict"));
  });

  it("keeps one of two owners when both leave at once and each looks for the other first", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    await driver.append([insert(driver, "ann"), insert(driver, "bob")]);
    const lock = driver.dialect === "postgres" ? " for update" : "";
    const leave = (id: string): Promise<boolean> =>
      driver.transaction(async (tx) => {
        const sql = `select id from things_thing order by id${lock}`;
        const { rows } = await tx.execute({ sql, parameters: [] });
        if (rows.length < 2) return false;
        await tx.execute(statement(driver, "delete from things_thing where id = ?", id));
        return true;
      });
    const left = await Promise.all([leave("ann"), leave("bob")]);
    expect(left.filter(Boolean)).toHaveLength(1);
    expect(await idsOf(driver)).toHaveLength(1);
  });

  it("loses none of forty increments that run against each other", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    await driver.append([insert(driver, "counter", 0)]);
    const lock = driver.dialect === "postgres" ? " for update" : "";
    const increment = (): Promise<unknown> =>
      driver.transaction(async (tx) => {
        const read = statement(
          driver,
          `select amount from things_thing where id = ?${lock}`,
          "counter",
        );
        const amount = Number((await tx.execute(read)).rows[0]?.["amount"]) + 1;
        const write = "update things_thing set amount = ? where id = ?";
        await tx.execute(statement(driver, write, amount, "counter"));
      });
    await Promise.all(Array.from({ length: 40 }, increment));
    const { rows } = await driver.query({ sql: "select amount from things_thing", parameters: [] });
    expect(rows).toEqual([{ amount: 40 }]);
  });

  it("brings two transactions to their ends that lock the same rows in opposite orders", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    await driver.append([insert(driver, "a"), insert(driver, "b")]);
    const add = (first: string, second: string): Promise<void> =>
      driver.transaction(async (tx) => {
        const sql = "update things_thing set amount = amount + 1 where id = ?";
        await tx.execute(statement(driver, sql, first));
        await tx.execute(statement(driver, sql, second));
      });
    await Promise.all([add("a", "b"), add("b", "a"), add("a", "b"), add("b", "a")]);
    const { rows } = await driver.query({ sql: "select amount from things_thing", parameters: [] });
    expect(rows).toEqual([{ amount: 4 }, { amount: 4 }]);
  });

  it("refuses to write through a read", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    await expect(driver.query(insert(driver, "a"))).rejects.toEqual(problem("store.readOnly"));
    expect(await idsOf(driver)).toEqual([]);
  });
}

function appendCases(open: OpenTestDatabase): void {
  it("tells which statement of a batch was refused, what it changed, and stores nothing of it", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    const update = statement(driver, "update things_thing set amount = 1 where id = ?", "nobody");
    const refusal = await driver.append([insert(driver, "a"), { ...update, rows: 1 }]);
    expect(refusal).toEqual({ index: 1, changes: 0 });
    expect(await idsOf(driver)).toEqual([]);
  });

  it("refuses a taken unique value without harm to the neighbours of the batch", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    await driver.append([insert(driver, "taken")]);
    const outcomes = await Promise.all(
      ["a", "taken", "b"].map((id) => driver.append([insert(driver, id)])),
    );
    expect(outcomes.map((refusal) => refusal?.index)).toEqual([undefined, 0, undefined]);
    expect(await idsOf(driver)).toEqual(["a", "b", "taken"]);
  });

  it("stores each of three hundred batches that wait together, exactly once", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    const ids = Array.from({ length: 300 }, (_, index) => `id${String(index).padStart(3, "0")}`);
    const outcomes = await Promise.all(ids.map((id) => driver.append([insert(driver, id)])));
    expect(new Set(outcomes)).toEqual(new Set([undefined]));
    expect(await idsOf(driver)).toEqual(ids);
  });

  it("fails only the batch whose statement the database does not understand", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    const broken = driver.append([{ sql: "insert into nowhere (id) values (1)", parameters: [] }]);
    const sound = driver.append([insert(driver, "a")]);
    await expect(broken).rejects.toEqual(problem("store.statement"));
    expect(await sound).toBeUndefined();
    expect(await idsOf(driver)).toEqual(["a"]);
  });
}

function valueCases(open: OpenTestDatabase): void {
  const texts = [
    "",
    "‏שלום עולם",
    "தமிழ்",
    "😀👩‍👩‍👧",
    "a\u200bb\ufeff",
    "é é",
    '{"a":[1,"\\u0000"]}',
    "%_'\";--",
  ];

  it.each(texts)("keeps text byte for byte: %j", async (text) => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    await driver.append([insert(driver, text)]);
    expect(await idsOf(driver)).toEqual([text]);
  });

  it.each([
    ["the largest safe number", Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ["one beyond it", 9_007_199_254_740_992n, 9_007_199_254_740_992n],
    ["the largest of 64 bits", 2n ** 63n - 1n, 2n ** 63n - 1n],
    ["the smallest of 64 bits", -(2n ** 63n), -(2n ** 63n)],
    ["a small bigint as a number", 7n, 7],
    ["null", null, null],
  ])("keeps whole numbers: %s", async (_name, given, expected) => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    await driver.append([insert(driver, "a", given)]);
    const read = { sql: "select amount from things_thing", parameters: [] };
    expect((await driver.query(read)).rows).toEqual([{ amount: expected }]);
    const inside = await driver.transaction((tx) => tx.execute(read));
    expect(inside.rows).toEqual([{ amount: expected }]);
  });

  it("keeps bytes and fractions as they are, and gives bytes back as a plain Uint8Array", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    const body = Uint8Array.from({ length: 256 }, (_, index) => index);
    const sql = "insert into things_thing (id, ratio, body) values (?, ?, ?)";
    await driver.append([statement(driver, sql, "a", 0.1, body)]);
    const { rows } = await driver.query({
      sql: "select ratio, body from things_thing",
      parameters: [],
    });
    expect(rows).toStrictEqual([{ ratio: 0.1, body }]);
  });

  it("sorts text by its bytes", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    await driver.append(["b", "a", "B", "ä", "Z"].map((id) => insert(driver, id)));
    expect(await idsOf(driver)).toEqual(["B", "Z", "a", "b", "ä"]);
  });

  const refused: readonly [string, unknown][] = [
    ["U+0000", "a\0b"],
    ["a lone surrogate", "a\ud800"],
    ["a Date", new Date(0)],
    ["undefined", undefined],
    ["NaN", Number.NaN],
    ["infinity", Number.POSITIVE_INFINITY],
    ["a boolean", true],
    ["an object", { id: "a" }],
    ["an array", ["a"]],
    ["65 bits", 2n ** 64n],
  ];

  it.each(refused)("refuses %s as a value, whichever way it comes", async (_name, value) => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    const write = statement(driver, "insert into things_thing (id) values (?)", value);
    const read = statement(driver, "select id from things_thing where id = ?", value);
    const bad = problem("store.badValue");
    await expect(driver.append([write])).rejects.toEqual(bad);
    await expect(driver.transaction((tx) => tx.execute(write))).rejects.toEqual(bad);
    await expect(driver.query(read)).rejects.toEqual(bad);
    expect(await idsOf(driver)).toEqual([]);
  });

  it("refuses too few and too many values", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    const sql = "insert into things_thing (id, amount) values (?, ?)";
    const bad = problem("store.badValue");
    await expect(driver.append([statement(driver, sql, "a")])).rejects.toEqual(bad);
    await expect(driver.append([statement(driver, sql, "a", 1, 2)])).rejects.toEqual(bad);
  });

  it("refuses text in a column of whole numbers", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    const bad = problem("store.badValue");
    await expect(driver.append([insert(driver, "a", "many")])).rejects.toEqual(bad);
    await expect(driver.append([insert(driver, "a", 1.5)])).rejects.toEqual(bad);
  });
}

function handleCases(open: OpenTestDatabase): void {
  it("revokes the handle when its function settles", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    const kept = await driver.transaction((tx) => Promise.resolve(tx));
    await expect(kept.execute(insert(driver, "a"))).rejects.toEqual(problem("store.revoked"));
    expect(await idsOf(driver)).toEqual([]);
  });

  it("ends a transaction that stands still, stores nothing of it and goes on with the others", async () => {
    await using database = await open({ owners: [things], idleMs: 50 });
    const { driver } = database;
    const later = Promise.withResolvers<unknown>();
    const stuck = driver.transaction(async (tx) => {
      await tx.execute(insert(driver, "a"));
      await new Promise((resolve) => {
        setTimeout(resolve, 300);
      });
      await tx.execute(insert(driver, "b")).catch(later.resolve);
    });
    await expect(stuck).rejects.toEqual(problem("store.revoked"));
    await driver.append([insert(driver, "c")]);
    expect(await later.promise).toEqual(problem("store.revoked"));
    expect(await idsOf(driver)).toEqual(["c"]);
  });

  it("has a clock that never goes backward", async () => {
    await using database = await open();
    const first = await database.driver.now();
    const second = await database.driver.now();
    expect(second).toBeGreaterThanOrEqual(first);
    expect(Math.abs(first - Date.now())).toBeLessThan(60_000);
  });

  it("elects one, tells it to stop, and waits for its end", async () => {
    await using database = await open();
    const elected = Promise.withResolvers<void>();
    let hasEnded = false;
    const stepDown = database.driver.elect("only", {
      run: async (signal) => {
        elected.resolve();
        await new Promise((resolve) => {
          signal.addEventListener("abort", resolve);
        });
        hasEnded = true;
      },
    });
    await elected.promise;
    await stepDown();
    expect(hasEnded).toBe(true);
  });

  it("passes hints on to those who listen, and to nobody who stopped", async () => {
    await using database = await open();
    const heard = Promise.withResolvers<void>();
    let others = 0;
    database.driver.onNotify("here", () => heard.resolve());
    database.driver.onNotify("there", () => (others += 1));
    database.driver.onNotify("here", () => (others += 1))();
    database.driver.notify("here");
    await heard.promise;
    expect(others).toBe(0);
  });

  it("refuses everything once it is closed", async () => {
    await using database = await open({ owners: [things] });
    const { driver } = database;
    await driver.close();
    await expect(idsOf(driver)).rejects.toEqual(problem("store.unavailable"));
    await expect(driver.append([insert(driver, "a")])).rejects.toEqual(
      problem("store.unavailable"),
    );
  });
}
