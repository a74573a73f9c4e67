import type { Migration } from "../contract/index.ts";
import type { Driver, SchemaOwner } from "../store/index.ts";
import { raise } from "./errors.ts";

const createKeys: Migration = {
  id: "0001-create-keys",
  async up({ db, type }) {
    await db.schema
      .createTable("secrets_keys")
      .addColumn("number", type.integer, (column) => column.primaryKey().notNull())
      .addColumn("fingerprint", type.text, (column) => column.notNull())
      .execute();
  },
};

/** Which keys this installation's values may be sealed with, by fingerprint: never the keys. */
export const secretsSchema: SchemaOwner = {
  id: "secrets",
  tables: { secrets_keys: "instance" },
  migrations: [createKeys],
};

const INSERT = {
  sqlite: "insert into secrets_keys (number, fingerprint) values (?, ?) on conflict do nothing",
  postgres: "insert into secrets_keys (number, fingerprint) values ($1, $2) on conflict do nothing",
};

/**
 * Refuses a keyring that is not this installation's: `secrets.unknownKey` when the database knows a key that the ring
 * lacks, `secrets.wrongKeyring` when a number stands for another key. New keys are noted. Two processes that each made a
 * ring of their own are told at the second's start, before anything is sealed with the wrong one.
 */
export async function checkKeyring(
  driver: Driver,
  fingerprints: Readonly<Record<number, string>>,
): Promise<void> {
  const entries = Object.entries(fingerprints);
  await driver.append(
    entries.map(([number, fingerprint]) => ({
      sql: INSERT[driver.dialect],
      parameters: [Number(number), fingerprint],
    })),
  );
  const { rows } = await driver.query({
    sql: "select number, fingerprint from secrets_keys order by number",
    parameters: [],
  });
  for (const row of rows) {
    const number = Number(row["number"]);
    const held = fingerprints[number];
    if (held === undefined) throw raise("secrets.unknownKey", { params: { number } });
    if (held !== row["fingerprint"]) throw raise("secrets.wrongKeyring", { params: { number } });
  }
}
