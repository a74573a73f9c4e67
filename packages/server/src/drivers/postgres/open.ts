import type { Client, Pool } from "pg";
import { checkBinding, raiseStore, TransactionHandle } from "../../kernel/store/index.ts";
import type { Driver } from "../../kernel/store/index.ts";
import { Committer } from "./commit.ts";
import { connectClient, createPool, runStatement } from "./connection.ts";
import type { ConnectionOptions } from "./connection.ts";
import { Elections } from "./election.ts";
import { AppendLanes } from "./group.ts";
import { CommitPause, readPause } from "./pause.ts";
import { openSignals } from "./signals.ts";
import { Tending } from "./tend.ts";
import { runTransaction } from "./transaction.ts";

/** How a PostgreSQL database is opened. */
export interface PostgresOptions {
  /** `postgres://user:password@host:5432/database`. */
  readonly url: string;
  /** Connections for statements and transactions; 10 when left out. Three more hold locks, hints and migrations. */
  readonly pool?: number;
  /** Shown by `pg_stat_activity`; `portico` when left out. */
  readonly applicationName?: string;
  /** A transaction that stands still longer is ended; 50 when left out. */
  readonly idleMs?: number;
  /** How long a commit whose answer was lost is asked after; 10,000 when left out. */
  readonly outcomeMs?: number;
}

/**
 * Opens a PostgreSQL database. Throws `store.unavailable` when it cannot be reached, and `store.unsafeDatabase` when it
 * is set to lose what it has accepted (`fsync`, `full_page_writes` or `synchronous_commit` off).
 *
 * @example
 * const driver = await openPostgres({ url: "postgres://portico@127.0.0.1/portico" });
 */
export async function openPostgres(options: PostgresOptions): Promise<Driver> {
  const connection = { url: options.url, applicationName: options.applicationName ?? "portico" };
  const startedAt = await refuseUnsafe(connection);
  const size = Math.max(options.pool ?? 10, 4);
  const lanes = Math.min(3, Math.floor(size / 3));
  const others = size - lanes;
  const pools = {
    reads: createPool(connection, { max: Math.ceil(others / 2), readOnly: true }),
    writes: createPool(connection, { max: Math.floor(others / 2) }),
    lanes: createPool(connection, { max: lanes }),
  };
  const committer = new Committer({
    connection,
    // For tests: `before:20,after:20` waits around every commit, in ms.
    pause: new CommitPause(readPause(process.env["PORTICO_TEST_PAUSE"])),
    outcomeMs: options.outcomeMs ?? 10_000,
  });
  const appends = new AppendLanes(pools.lanes, committer, lanes);
  return assemble(options, connection, {
    ...pools,
    appends,
    committer,
    clock: databaseClock(pools.reads, startedAt),
  });
}

/** Answers the database's time. */
async function refuseUnsafe(connection: ConnectionOptions): Promise<number> {
  const client = await connectClient(connection);
  try {
    const { rows } = await runStatement(client, {
      sql: "select name, setting from pg_settings where name in ('fsync', 'full_page_writes', 'synchronous_commit') and setting = 'off'",
      parameters: [],
    });
    const [unsafe] = rows;
    if (unsafe === undefined) return await askNow(client);
    const params = { setting: String(unsafe["name"]), value: String(unsafe["setting"]) };
    throw raiseStore("store.unsafeDatabase", { params });
  } finally {
    await client.end();
  }
}

interface Pools {
  readonly reads: Pool;
  readonly writes: Pool;
  readonly lanes: Pool;
  readonly appends: AppendLanes;
  readonly committer: Committer;
  readonly clock: DatabaseClock;
}

function assemble(options: PostgresOptions, connection: ConnectionOptions, pools: Pools): Driver {
  const { clock } = pools;
  const signals = openSignals(connection);
  const elections = new Elections(connection);
  const tending = new Tending(connection, pools.reads);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await tending.close();
    await elections.close();
    await signals.close();
    await Promise.all([pools.reads.end(), pools.writes.end(), pools.lanes.end()]);
  };
  return {
    dialect: "postgres",
    query: async (statement) => {
      checkBinding("postgres", statement);
      return await runStatement(pools.reads, statement);
    },
    transaction: (run) =>
      runTransaction(
        { pool: pools.writes, committer: pools.committer, idleMs: options.idleMs ?? 50 },
        run,
      ),
    append: async (batch) => {
      for (const statement of batch) checkBinding("postgres", statement);
      return await pools.appends.append(batch);
    },
    now: clock.now,
    nowAbout: clock.nowAbout,
    notify: signals.notify,
    onNotify: signals.onNotify,
    elect: (role, election) => elections.elect(role, election),
    migrate: (run) => migrate(connection, run),
    backup: () => Promise.reject(raiseStore("store.backupElsewhere")),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

const STEP_MS = 10_000;

interface DatabaseClock {
  readonly now: () => Promise<number>;
  readonly nowAbout: () => number;
}

function databaseClock(pool: Pool, startedAt: number): DatabaseClock {
  let last = startedAt;
  const told = { time: startedAt, at: performance.now() };
  return {
    now: async () => {
      const time = await askNow(pool);
      Object.assign(told, { time, at: performance.now() });
      return time;
    },
    nowAbout: () => {
      const about = Math.floor(told.time + performance.now() - told.at);
      // A slower answer is no step back in time; a clock that was set is.
      last = about > last || last - about > STEP_MS ? about : last;
      return last;
    },
  };
}

async function askNow(asked: Pool | Client): Promise<number> {
  const { rows } = await runStatement(asked, {
    sql: "select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now",
    parameters: [],
  });
  return Number(rows[0]?.["now"]);
}

async function migrate(
  connection: ConnectionOptions,
  run: Parameters<Driver["migrate"]>[0],
): Promise<void> {
  // The session ends with it, and so does whatever transaction or lock is left open.
  const client = await connectClient(connection);
  try {
    const execute: TransactionHandle["execute"] = (statement) => runStatement(client, statement);
    await new TransactionHandle({ dialect: "postgres", idleMs: undefined, execute }).run(run);
  } finally {
    await client.end();
  }
}
