import type { Kysely } from "kysely";
import { systemClock } from "../../base/index.ts";
import type { Scope, Store } from "../contract/index.ts";
import { createStoreHub } from "../store/index.ts";
import type { SchemaOwner } from "../store/index.ts";
import type { OpenTestDatabase } from "./describe-store.ts";
import { silentWriters, testOrigin } from "./store-parts.ts";

export interface NoteTables {
  notes_note: { organization?: string; id: string; body: string | null };
  notes_tag: { organization?: string; note: string; name: string };
  notes_word: { word: string };
  other_secret: { organization?: string; id: string };
}

const notes: SchemaOwner = {
  id: "notes",
  tables: { notes_note: "organization", notes_tag: "organization", notes_word: "instance" },
  migrations: [
    {
      id: "0001-create-notes",
      async up({ db, type }) {
        await db.schema
          .createTable("notes_note")
          .addColumn("organization", type.text, (column) => column.notNull())
          // Unique over all organizations on purpose: an upsert may meet a row that it must not touch.
          .addColumn("id", type.text, (column) => column.primaryKey())
          .addColumn("body", type.text)
          .execute();
        await db.schema
          .createTable("notes_tag")
          .addColumn("organization", type.text, (column) => column.notNull())
          .addColumn("note", type.text, (column) => column.notNull())
          .addColumn("name", type.text, (column) => column.notNull())
          .execute();
        await db.schema.createTable("notes_word").addColumn("word", type.text).execute();
      },
    },
  ],
};

const other: SchemaOwner = {
  id: "other",
  tables: { other_secret: "organization" },
  migrations: [
    {
      id: "0001-create-secret",
      async up({ db, type }) {
        await db.schema
          .createTable("other_secret")
          .addColumn("organization", type.text, (column) => column.notNull())
          .addColumn("id", type.text)
          .execute();
      },
    },
  ],
};

export type Db = Kysely<NoteTables>;
export const acme = { organization: "acme" };
export const rival = { organization: "rival" };

/** Closed with the test. */
export interface Opened extends AsyncDisposable {
  readonly store: Store;
}

/** Two organizations, each with one note and one tag. */
export async function openNotes(open: OpenTestDatabase): Promise<Opened> {
  const database = await open({ owners: [notes, other] });
  const hub = createStoreHub({
    driver: database.driver,
    owners: [notes, other],
    writers: silentWriters(),
    clock: systemClock,
    runTwice: true,
  });
  const store = hub.for("notes");
  for (const scope of [acme, rival]) {
    const { organization } = scope;
    await write(store, scope, async (db) => {
      await db
        .insertInto("notes_note")
        .values({ id: `note-${organization}`, body: "x" })
        .execute();
      const tag = { note: `note-${organization}`, name: organization };
      await db.insertInto("notes_tag").values(tag).execute();
    });
  }
  return { store, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

export function write<TValue>(
  store: Store,
  scope: Scope,
  run: (db: Db) => Promise<TValue>,
): Promise<TValue> {
  return store.transaction({ scope, origin: testOrigin }, (tx) => run(tx.db<NoteTables>()));
}

export function all(store: Store): Promise<unknown[]> {
  const db = store.read("instance").db<NoteTables>();
  return db.selectFrom("notes_note").selectAll().orderBy("id").execute();
}

export const untouched = [
  { organization: "acme", id: "note-acme", body: "x" },
  { organization: "rival", id: "note-rival", body: "x" },
];
