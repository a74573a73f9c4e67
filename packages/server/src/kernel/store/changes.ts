import type { Clock } from "../../base/index.ts";
import type { ChangeFeed, Logger, Migration } from "../contract/index.ts";
import type { Driver, DriverStatement } from "./driver.ts";
import type { SchemaOwner } from "./hub.ts";

const POLL_MS = 500;
const STALE_MS = 1_000;
const KEPT_MS = 10 * 60_000;
const TRIM_MS = 60_000;
const BATCH = 1_000;
/** Any number of our own: the advisory lock under which PostgreSQL gives out positions of `store_changes`. */
const ORDER_LOCK = 7_041_500;

/** The hint that new changes may be read. */
export const CHANGES_CHANNEL = "portico_changes";

/** The `id` with which a watcher is told to drop everything of a kind, after the feed was out of reach for long. */
export const EVERYTHING = "*";

const createChanges: Migration = {
  id: "0001-create-changes",
  async up({ db, type, onSqlite, onPostgres }) {
    const table = db.schema.createTable("store_changes");
    await onSqlite(() =>
      // AUTOINCREMENT: a trimmed position is never given again.
      table
        .addColumn("seq", "integer", (column) => column.primaryKey().autoIncrement())
        .addColumn("kind", type.text, (column) => column.notNull())
        .addColumn("id", type.text, (column) => column.notNull())
        .addColumn("at", type.integer, (column) => column.notNull())
        .execute(),
    );
    await onPostgres(() =>
      table
        .addColumn("seq", "bigint", (column) => column.primaryKey().generatedAlwaysAsIdentity())
        .addColumn("kind", type.text, (column) => column.notNull())
        .addColumn("id", type.text, (column) => column.notNull())
        .addColumn("at", type.integer, (column) => column.notNull())
        .execute(),
    );
  },
};

/** The store's own tables; every installation has them. */
export const storeSchema: SchemaOwner = {
  id: "store",
  tables: { store_changes: "instance", store_migrations: "instance" },
  migrations: [createChanges],
};

/** One row that somebody changed. */
export interface Change {
  readonly kind: string;
  readonly id: string;
}

/**
 * Statements that mark changes, to be run last in their transaction. On PostgreSQL they take a lock until the commit:
 * else a later position could become visible first, and a reader that has passed it would never see the earlier one.
 */
export function changeStatements(
  dialect: Driver["dialect"],
  changes: readonly Change[],
  at: number,
): DriverStatement[] {
  if (changes.length === 0) return [];
  const isSqlite = dialect === "sqlite";
  const sql = isSqlite
    ? "insert into store_changes (kind, id, at) values (?, ?, ?)"
    : "insert into store_changes (kind, id, at) values ($1, $2, $3)";
  const inserts = changes.map(({ kind, id }) => ({ sql, parameters: [kind, id, at], rows: 1 }));
  if (isSqlite) return inserts;
  return [{ sql: "select pg_advisory_xact_lock($1)", parameters: [ORDER_LOCK] }, ...inserts];
}

/** What the feed works with. */
export interface ChangeFeedOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly logger?: Pick<Logger, "warn">;
}

/** A running change feed. */
export interface RunningChangeFeed extends ChangeFeed {
  /** Reads at once; settles when watchers were told. For tests and for callers that must not wait for the poll. */
  poll(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the feed at the newest change: reads every 500 ms and at every hint. Watchers must drop what they are told,
 * and everything of their kind when the id is `*`. Throws `store.unavailable` when the first read fails.
 */
export async function createChangeFeed(options: ChangeFeedOptions): Promise<RunningChangeFeed> {
  const reader = new FeedReader(options);
  await reader.start();
  return reader;
}

class FeedReader implements RunningChangeFeed {
  readonly #options: ChangeFeedOptions;
  readonly #watchers = new Map<string, Set<(id: string) => void>>();
  #after = 0;
  #goodAt = 0;
  #trimmedAt = 0;
  #polling: Promise<void> | undefined;
  #again = false;
  #cancel: () => void = () => undefined;
  #unlisten: () => void = () => undefined;
  #isStopped = false;

  constructor(options: ChangeFeedOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { driver, clock } = this.#options;
    this.#goodAt = clock.monotonic();
    const { rows } = await driver.query({
      sql: "select coalesce(max(seq), 0) as seq from store_changes",
      parameters: [],
    });
    this.#after = Number(rows[0]?.["seq"] ?? 0);
    this.#unlisten = driver.onNotify(CHANGES_CHANNEL, () => void this.poll());
    this.#schedule();
  }

  watch(kind: string, drop: (id: string) => void): () => void {
    const set = this.#watchers.get(kind) ?? new Set();
    this.#watchers.set(kind, set);
    set.add(drop);
    return () => set.delete(drop);
  }

  stale(): boolean {
    return this.#options.clock.monotonic() - this.#goodAt > STALE_MS;
  }

  poll(): Promise<void> {
    this.#again = true;
    this.#polling ??= this.#readWhileAsked().finally(() => {
      this.#polling = undefined;
    });
    return this.#polling;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    this.#unlisten();
    await this.#polling;
  }

  #schedule(): void {
    if (this.#isStopped) return;
    this.#cancel = this.#options.clock.after(POLL_MS, () => {
      void this.poll().finally(() => this.#schedule());
    });
  }

  async #readWhileAsked(): Promise<void> {
    while (this.#again && !this.#isStopped) {
      this.#again = false;
      try {
        await this.#read();
      } catch (error) {
        this.#options.logger?.warn({ error: String(error) }, "The change feed could not be read");
      }
    }
  }

  async #read(): Promise<void> {
    const { driver, clock } = this.#options;
    const startedAt = clock.monotonic();
    const placeholders = driver.dialect === "sqlite" ? ["?", "?"] : ["$1", "$2"];
    const { rows } = await driver.query({
      sql: `select seq, kind, id from store_changes where seq > ${placeholders[0]} order by seq limit ${placeholders[1]}`,
      parameters: [this.#after, BATCH],
    });
    // Rows may have been trimmed unread: then nobody can say what changed.
    if (startedAt - this.#goodAt > KEPT_MS / 2) this.#dropEverything();
    for (const row of rows) {
      this.#after = Number(row["seq"]);
      for (const drop of this.#watchers.get(String(row["kind"])) ?? []) drop(String(row["id"]));
    }
    if (rows.length === BATCH) this.#again = true;
    else this.#goodAt = startedAt;
    if (startedAt - this.#trimmedAt > TRIM_MS && rows.length > 0) await this.#trim(startedAt);
  }

  #dropEverything(): void {
    for (const drops of this.#watchers.values()) for (const drop of drops) drop(EVERYTHING);
  }

  async #trim(startedAt: number): Promise<void> {
    const { driver, clock } = this.#options;
    this.#trimmedAt = startedAt;
    const sql = `delete from store_changes where at < ${driver.dialect === "sqlite" ? "?" : "$1"}`;
    await driver.append([{ sql, parameters: [Math.floor(clock.now()) - KEPT_MS] }]);
  }
}
