import { openTestDatabase } from "./test-database.ts";
import type { StoreKind, TestDatabase, TestDatabaseOptions } from "./test-database.ts";

// Whoever tests a plugin with another runner imports this door too, and has no vitest.
const vitest = await import("vitest").catch(() => undefined);

/** Opens a fresh database of the kind whose turn it is. */
export type OpenTestDatabase = (options?: TestDatabaseOptions) => Promise<TestDatabase>;

/**
 * Declares the same cases for a file of SQLite and for PostgreSQL, or for the kinds that are given. The run counts the
 * cases of each, prints them, and fails when the two differ: a promise held on one database only is none. Cases that make
 * sense on one database only belong in a `describe` of their own.
 *
 * @example
 * describeStore("notes", (open) => {
 *   it("keeps a note", async () => {
 *     await using database = await open({ owners: [notes] });
 *   });
 * });
 */
export function describeStore(
  title: string,
  cases: (open: OpenTestDatabase, kind: StoreKind) => void,
  kinds: readonly StoreKind[] = ["sqlite", "postgres"],
): void {
  if (vitest === undefined) throw new Error("describeStore needs vitest");
  vitest.describe.each(kinds)(`${title} [%s]`, (kind) => {
    cases((options) => openTestDatabase(kind, options), kind);
  });
}
