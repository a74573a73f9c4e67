import { sql } from "kysely";
import { expect, it } from "vitest";
import { describeStore } from "../testing/describe-store.ts";
import { acme, all, openNotes, untouched, write } from "../testing/store-notes.ts";
import type { Db, NoteTables } from "../testing/store-notes.ts";
import type { Scope } from "../contract/index.ts";
import { testOrigin } from "../testing/store-parts.ts";
import { statement } from "./index.ts";

describeStore("tenancy refusals", (open) => {
  const refusals: readonly [string, string, (db: Db) => Promise<unknown>][] = [
    [
      "an insert for another organization",
      "store.foreignOrganization",
      (db) =>
        db
          .insertInto("notes_note")
          .values({ id: "z", body: null, organization: "rival" })
          .execute(),
    ],
    [
      "an insert for a computed organization",
      "store.foreignOrganization",
      (db) =>
        db
          .insertInto("notes_note")
          .values({ id: "z", body: null, organization: sql<string>`'rival'` })
          .execute(),
    ],
    [
      "a row moved to another organization",
      "store.foreignOrganization",
      (db) => db.updateTable("notes_note").set({ organization: "rival" }).execute(),
    ],
    [
      "a row moved by an upsert",
      "store.foreignOrganization",
      (db) =>
        db
          .insertInto("notes_note")
          .values({ id: "note-acme", body: null })
          .onConflict((conflict) => conflict.column("id").doUpdateSet({ organization: "rival" }))
          .execute(),
    ],
    [
      "`replace`",
      "store.unsupportedStatement",
      (db) => db.replaceInto("notes_note").values({ id: "note-rival", body: null }).execute(),
    ],
    [
      "`or replace`",
      "store.unsupportedStatement",
      (db) =>
        db.insertInto("notes_note").orReplace().values({ id: "note-rival", body: null }).execute(),
    ],
    [
      "another owner's table",
      "store.foreignTable",
      (db) => db.selectFrom("other_secret").selectAll().execute(),
    ],
    [
      "another owner's table in a join",
      "store.foreignTable",
      (db) =>
        db
          .selectFrom("notes_note")
          .innerJoin("other_secret", (join) => join.onTrue())
          .selectAll()
          .execute(),
    ],
    [
      "another owner's table in a subquery",
      "store.foreignTable",
      (db) =>
        db
          .selectFrom("notes_note")
          .selectAll()
          .where((eb) => eb.exists(eb.selectFrom("other_secret").select("id")))
          .execute(),
    ],
    [
      "the database's own catalog",
      "store.foreignTable",
      (db) =>
        db
          .selectFrom("sqlite_master" as "notes_note")
          .selectAll()
          .execute(),
    ],
    [
      "a table with its schema",
      "store.foreignTable",
      (db) => db.withSchema("main").selectFrom("notes_note").selectAll().execute(),
    ],
    [
      "a common table expression named like a table",
      "store.unsupportedStatement",
      (db) =>
        db
          .with("notes_note", (inner) => inner.selectFrom("notes_tag").selectAll())
          .selectFrom("notes_note")
          .selectAll()
          .execute(),
    ],
    [
      "raw SQL that names a table",
      "store.unsupportedStatement",
      (db) => sql`select * from notes_note`.execute(db),
    ],
    [
      "raw SQL with a table as a part",
      "store.unsupportedStatement",
      (db) =>
        db
          .selectFrom("notes_note")
          .select(sql`(select max(id) from ${sql.table("notes_tag")})`.as("m"))
          .execute(),
    ],
    [
      "a change of the schema",
      "store.unsupportedStatement",
      (db) => db.schema.dropTable("notes_note").execute(),
    ],
    [
      "a transaction of its own",
      "store.unsupportedStatement",
      (db) => db.transaction().execute((trx) => trx.selectFrom("notes_note").selectAll().execute()),
    ],
  ];

  it.each(refusals)("refuses %s", async (_name, code, run) => {
    await using opened = await openNotes(open);
    await expect(write(opened.store, acme, run)).rejects.toEqual(expect.objectContaining({ code }));
    expect(await all(opened.store)).toEqual(untouched);
  });

  it("lets the installation's own handle see every organization, and name it in every insert", async () => {
    await using opened = await openNotes(open);
    const { store } = opened;
    const unnamed = write(store, "instance", (db) =>
      db.insertInto("notes_note").values({ id: "z", body: null }).execute(),
    );
    await expect(unnamed).rejects.toEqual(
      expect.objectContaining({ code: "store.foreignOrganization" }),
    );
    await write(store, "instance", (db) =>
      db.insertInto("notes_note").values({ id: "z", body: null, organization: "third" }).execute(),
    );
    expect(await all(store)).toHaveLength(3);
  });

  it("binds compiled statements to the organization of their batch", async () => {
    await using opened = await openNotes(open);
    const { store } = opened;
    const rename = statement<{ id: string; body: string }, NoteTables>(
      "notes.rename",
      (db, param) =>
        db
          .updateTable("notes_note")
          .set({ body: param("body") })
          .where("id", "=", param("id")),
    );
    const append = (scope: Scope, id: string): Promise<void> =>
      store.append({ scope, origin: testOrigin }, (batch) =>
        batch.write(rename, { id, body: "new" }, 1),
      );
    await append(acme, "note-acme");
    await expect(append(acme, "note-rival")).rejects.toEqual(
      expect.objectContaining({ code: "store.conflict" }),
    );
    expect(await all(store)).toEqual([{ ...untouched[0], body: "new" }, untouched[1]]);
  });

  it("refuses a compiled statement that is given another organization than its batch has", async () => {
    await using opened = await openNotes(open);
    const put = statement<{ id: string; of: string }, NoteTables>("notes.put", (db, param) =>
      db
        .insertInto("notes_note")
        .values({ id: param("id"), body: null, organization: param("of") }),
    );
    const append = (of: string): Promise<void> =>
      opened.store.append({ scope: acme, origin: testOrigin }, (batch) =>
        batch.write(put, { id: of, of }, 1),
      );
    await append("acme");
    await expect(append("rival")).rejects.toEqual(
      expect.objectContaining({ code: "store.foreignOrganization" }),
    );
  });
});
