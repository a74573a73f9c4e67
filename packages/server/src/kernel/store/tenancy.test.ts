import { sql } from "kysely";
import { expect, it } from "vitest";
import { describeStore } from "../testing/describe-store.ts";
import { acme, all, openNotes, rival, untouched, write } from "../testing/store-notes.ts";
import type { Db, NoteTables } from "../testing/store-notes.ts";

/** Every way of asking for rows; whoever adds one to Kysely adds it here. */
const reads: Readonly<Record<string, (db: Db) => Promise<unknown>>> = {
  "a select": (db) => db.selectFrom("notes_note").selectAll().execute(),
  "an alias": (db) => db.selectFrom("notes_note as n").select(["n.id", "n.organization"]).execute(),
  "an `or` that is always true": (db) =>
    db
      .selectFrom("notes_note")
      .selectAll()
      .where((eb) => eb.or([eb("id", "=", "none"), eb.lit(true)]))
      .execute(),
  "a condition on the other organization": (db) =>
    db
      .selectFrom("notes_note")
      .selectAll()
      .where("organization", "in", ["acme", "rival"])
      .execute(),
  "an inner join": (db) =>
    db
      .selectFrom("notes_tag as t")
      .innerJoin("notes_note as n", (join) => join.on(sql.lit(1), "=", sql.lit(1)))
      .selectAll()
      .execute(),
  "a left join": (db) =>
    db
      .selectFrom("notes_word as w")
      .rightJoin("notes_note as n", "n.id", "w.word")
      .leftJoin("notes_tag as t", (join) => join.on(sql.lit(1), "=", sql.lit(1)))
      .selectAll()
      .execute(),
  "a full join": (db) =>
    db
      .selectFrom("notes_tag as t")
      .fullJoin("notes_note as n", "n.id", "t.name")
      .selectAll()
      .execute(),
  "two tables in one from": (db) =>
    db.selectFrom(["notes_note", "notes_tag"]).selectAll().execute(),
  "a subquery in from": (db) =>
    db
      .selectFrom((eb) => eb.selectFrom("notes_note").selectAll().as("n"))
      .selectAll()
      .execute(),
  "a subquery in select": (db) =>
    db
      .selectFrom("notes_word")
      .rightJoin("notes_tag", (join) => join.onTrue())
      .select((eb) =>
        eb
          .selectFrom("notes_note")
          .select((f) => f.fn.max("id").as("m"))
          .as("id"),
      )
      .execute(),
  "a subquery in where": (db) =>
    db
      .selectFrom("notes_tag")
      .selectAll()
      .where("note", "in", (eb) => eb.selectFrom("notes_note").select("id"))
      .execute(),
  "a common table expression": (db) =>
    db
      .with("mine", (inner) => inner.selectFrom("notes_note").selectAll())
      .selectFrom("mine")
      .selectAll()
      .execute(),
  "a recursive one": (db) =>
    db
      .withRecursive("chain(id)", (inner) =>
        inner
          .selectFrom("notes_note")
          .select("id")
          .union(
            inner.selectFrom("chain").innerJoin("notes_tag", "note", "id").select("name as id"),
          ),
      )
      .selectFrom("chain")
      .selectAll()
      .where("id", "like", "note-%")
      .execute(),
  "a union": (db) =>
    db
      .selectFrom("notes_note")
      .select("id")
      .unionAll(db.selectFrom("notes_note").select("id"))
      .execute(),
  "a builder without plugins": (db) =>
    db.withoutPlugins().selectFrom("notes_note").selectAll().execute(),
  "an aggregate": (db) =>
    db
      .selectFrom("notes_note")
      .select((eb) => eb.fn.max("id").as("id"))
      .execute(),
};

describeStore("tenancy", (open) => {
  it.each(Object.keys(reads))("shows no row of another organization through %s", async (name) => {
    await using opened = await openNotes(open);
    const read = reads[name];
    const text = JSON.stringify(await read?.(opened.store.read(acme).db<NoteTables>()));
    expect(text).toContain("acme");
    expect(text).not.toContain("rival");
  });

  it("changes no row of another organization", async () => {
    await using opened = await openNotes(open);
    const { store } = opened;
    await write(store, acme, async (db) => {
      await db.updateTable("notes_note").set({ body: "mine" }).execute();
      await db
        .updateTable("notes_note as n")
        .set({ body: "mine" })
        .where("n.id", "=", "note-rival")
        .execute();
      await db
        .updateTable("notes_note")
        .set({ body: "mine" })
        .where((eb) => eb.or([eb("id", "=", "note-rival"), eb.lit(true)]))
        .execute();
      await db
        .updateTable("notes_tag")
        .from("notes_note")
        .set({ name: "mine" })
        .whereRef("notes_note.id", "=", "notes_tag.note")
        .execute();
    });
    expect(await all(store)).toEqual([
      { organization: "acme", id: "note-acme", body: "mine" },
      untouched[1],
    ]);
    const tags = store.read(rival).db<NoteTables>().selectFrom("notes_tag").select("name");
    expect(await tags.execute()).toEqual([{ name: "rival" }]);
  });

  it("deletes no row of another organization", async () => {
    await using opened = await openNotes(open);
    await write(opened.store, acme, async (db) => {
      await db.deleteFrom("notes_note").execute();
      await db.deleteFrom("notes_note as n").where("n.id", "=", "note-rival").execute();
    });
    expect(await all(opened.store)).toEqual([untouched[1]]);
  });

  it("leaves another organization's row alone when an upsert meets it", async () => {
    await using opened = await openNotes(open);
    const result = await write(opened.store, acme, (db) =>
      db
        .insertInto("notes_note")
        .values({ id: "note-rival", body: "mine" })
        .onConflict((conflict) => conflict.column("id").doUpdateSet({ body: "mine" }))
        .executeTakeFirst(),
    );
    expect(result.numInsertedOrUpdatedRows).toBe(0n);
    expect(await all(opened.store)).toEqual(untouched);
  });

  it("stamps inserted rows, those of a select too", async () => {
    await using opened = await openNotes(open);
    await write(opened.store, acme, async (db) => {
      await db
        .insertInto("notes_tag")
        .columns(["note", "name"])
        .expression((eb) => eb.selectFrom("notes_note").select(["id", "id as name"]))
        .execute();
      await db
        .insertInto("notes_note")
        .values([
          { id: "b", body: null },
          { id: "c", body: "y", organization: "acme" },
        ])
        .execute();
    });
    const db = opened.store.read("instance").db<NoteTables>();
    const tags = await db
      .selectFrom("notes_tag")
      .selectAll()
      .where("name", "like", "note-%")
      .execute();
    expect(tags).toEqual([{ organization: "acme", note: "note-acme", name: "note-acme" }]);
    const rows = await db
      .selectFrom("notes_note")
      .select("organization")
      .where("id", "in", ["b", "c"])
      .execute();
    expect(rows).toEqual([{ organization: "acme" }, { organization: "acme" }]);
  });
});
