import { expect, it } from "vitest";
import { systemClock } from "../../base/index.ts";
import type { Store, Tx } from "../contract/index.ts";
import { describeStore } from "../testing/describe-store.ts";
import { testOrigin } from "../testing/store-parts.ts";
import type { TestDatabase } from "../testing/test-database.ts";
import { createStoreHub } from "./index.ts";
import type { DriverStatement, SchemaOwner, StoreHub, Writers } from "./index.ts";

interface MailTables {
  mail_letter: { organization?: string; id: string };
}

const mail: SchemaOwner = {
  id: "mail",
  tables: { mail_letter: "organization", mail_line: "instance" },
  migrations: [
    {
      id: "0001-create-mail",
      async up({ db, type }) {
        await db.schema
          .createTable("mail_letter")
          .addColumn("organization", type.text, (column) => column.notNull())
          .addColumn("id", type.text, (column) => column.notNull())
          .addPrimaryKeyConstraint("mail_letter_pk", ["organization", "id"])
          .execute();
        await db.schema
          .createTable("mail_line")
          .addColumn("seq", type.integer, (column) => column.primaryKey())
          .addColumn("text", type.text)
          .execute();
      },
    },
  ],
};

/** Writers that note each word in `mail_line`, in the order in which they were called. */
function lineWriters(database: TestDatabase, told: unknown[]): Writers {
  let seq = 0;
  const line = (text: string): DriverStatement => {
    const places = database.driver.dialect === "sqlite" ? "?, ?" : "$1, $2";
    seq += 1;
    return { sql: `insert into mail_line (seq, text) values (${places})`, parameters: [seq, text] };
  };
  return {
    emit: (context, { type }) => ({
      id: `evt_${type}`,
      statements: [line(`emit ${type} ${context.owner} ${context.organization}`)],
    }),
    enqueue: (context, { name }) => ({
      id: `job_${name}`,
      statements: [line(`enqueue ${name} ${context.owner}`)],
    }),
    audit: (_context, { action }) => [line(`audit ${action}`)],
    committed: (held) => told.push(held),
  };
}

function hubOf(database: TestDatabase, told: unknown[] = [], runTwice = false): StoreHub {
  return createStoreHub({
    driver: database.driver,
    owners: [mail],
    writers: lineWriters(database, told),
    clock: systemClock,
    runTwice,
  });
}

async function linesOf(database: TestDatabase): Promise<unknown[]> {
  const sql = "select text from mail_line order by seq";
  return (await database.driver.query({ sql, parameters: [] })).rows.map((row) => row["text"]);
}

const options = { scope: { organization: "acme" }, origin: testOrigin };

function insertLetter(tx: Tx, id: string): Promise<unknown> {
  return tx.db<MailTables>().insertInto("mail_letter").values({ id }).execute();
}

function letters(store: Store): Promise<unknown[]> {
  return store
    .read(options.scope)
    .db<MailTables>()
    .selectFrom("mail_letter")
    .select("id")
    .execute();
}

describeStore("hub", (open) => {
  it("stores events, jobs and audit notes with the rows, in the order of their calls", async () => {
    await using database = await open({ owners: [mail] });
    const told: unknown[] = [];
    const ids = await hubOf(database, told)
      .for("mail")
      .transaction(options, async (tx) => {
        const event = tx.emit("letter.sent", {});
        await insertLetter(tx, "a");
        tx.audit({ action: "letter.send", target: "a" });
        return [event, tx.enqueue("deliver", {})];
      });
    expect(ids).toEqual(["evt_letter.sent", "job_deliver"]);
    expect(await linesOf(database)).toEqual([
      "emit letter.sent mail acme",
      "audit letter.send",
      "enqueue deliver mail",
    ]);
    expect(told).toEqual([{ events: true, jobs: true }]);
  });

  it("stores none of them, and wakes nobody, when the function throws", async () => {
    await using database = await open({ owners: [mail] });
    const told: unknown[] = [];
    const failed = hubOf(database, told)
      .for("mail")
      .transaction(options, async (tx) => {
        tx.emit("letter.sent", {});
        await insertLetter(tx, "a");
        throw new RangeError("no");
      });
    await expect(failed).rejects.toThrow(RangeError);
    expect(await linesOf(database)).toEqual([]);
    expect(told).toEqual([]);
  });

  it("runs a function twice in tests and stores what the second run did", async () => {
    await using database = await open({ owners: [mail] });
    const store = hubOf(database, [], true).for("mail");
    let runs = 0;
    await store.transaction(options, async (tx) => {
      runs += 1;
      await insertLetter(tx, `run${String(runs)}`);
    });
    expect(await letters(store)).toEqual([{ id: "run2" }]);
  });

  it("keeps the rows of several owners in one transaction apart by their views", async () => {
    await using database = await open({ owners: [mail] });
    const foreign = hubOf(database).transaction(options, async (session) => {
      await insertLetter(session.as("mail"), "a");
      await insertLetter(session.as("keys"), "b");
    });
    await expect(foreign).rejects.toEqual(expect.objectContaining({ code: "store.foreignTable" }));
    expect(await letters(hubOf(database).for("mail"))).toEqual([]);
  });

  it("refuses a whole batch as a conflict when one of its statements changes another number of rows", async () => {
    await using database = await open({ owners: [mail] });
    const told: unknown[] = [];
    const refused = hubOf(database, told).append(options, (session) => {
      session.as("mail").emit("letter.sent", {});
      session.add({ sql: "delete from mail_letter", parameters: [], rows: 1 });
    });
    await expect(refused).rejects.toEqual(expect.objectContaining({ code: "store.conflict" }));
    expect(await linesOf(database)).toEqual([]);
    expect(told).toEqual([]);
  });

  it("gives back what the batch's function returned once it is durable", async () => {
    await using database = await open({ owners: [mail] });
    const store = hubOf(database).for("mail");
    expect(await store.append(options, (batch) => batch.emit("letter.sent", {}))).toBe(
      "evt_letter.sent",
    );
    expect(await linesOf(database)).toHaveLength(1);
  });

  it("locks the rows that a decision rests on", async () => {
    await using database = await open({ owners: [mail] });
    const store = hubOf(database, [], true).for("mail");
    await store.transaction(options, (tx) => insertLetter(tx, "ann"));
    await store.transaction(options, (tx) => insertLetter(tx, "bob"));
    const leave = (id: string): Promise<boolean> =>
      store.transaction(options, async (tx) => {
        const db = tx.db<MailTables>();
        const rows = await tx
          .forUpdate(db.selectFrom("mail_letter").select("id").orderBy("id"))
          .execute();
        if (rows.length < 2) return false;
        await db.deleteFrom("mail_letter").where("id", "=", id).execute();
        return true;
      });
    const left = await Promise.all([leave("ann"), leave("bob")]);
    expect(left.filter(Boolean)).toHaveLength(1);
  });
});
