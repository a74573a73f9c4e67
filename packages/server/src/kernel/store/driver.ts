import type { Problem } from "../../base/index.ts";
import type { SqlRow, SqlValue } from "../contract/index.ts";

/** One statement as a driver runs it: `?` placeholders on SQLite, `$1` on PostgreSQL. */
export interface DriverStatement {
  readonly sql: string;
  readonly parameters: readonly SqlValue[];
  /** The exact number of rows it must change; any when left out. */
  readonly rows?: number;
}

/** What a statement gave. */
export interface DriverResult {
  readonly rows: readonly SqlRow[];
  /** Rows inserted, updated or deleted. */
  readonly changes: number;
}

/** One open transaction. Throws `store.revoked` once it has ended. */
export interface DriverTransaction {
  execute(statement: DriverStatement): Promise<DriverResult>;
}

/** How an append ended, when not all went in: the member that was refused and what it changed. */
export interface AppendRefusal {
  readonly index: number;
  readonly changes: number;
  /** The unique value or reference that stood in the way, as the database names it. */
  readonly constraint?: string;
}

/** Told when this process holds, or no longer holds, a role that only one process may have. */
export interface Election {
  /** Runs while this process is elected; the signal ends it. Called again after a new election. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/**
 * One database. Both drivers pass the same conformance suite (`testing/store.suite.ts`).
 * Every value that settles means: durable. Failures are problems of the kernel's table: `store.unavailable` (try again;
 * nothing of it was stored), `store.outcomeUnknown` (the database died with the answer), `store.conflict` (a unique or row-count expectation), `store.revoked`, `store.badValue`.
 */
export interface Driver {
  readonly dialect: "sqlite" | "postgres";
  /** Reads the newest commit; refuses statements that write. */
  query(statement: DriverStatement): Promise<DriverResult>;
  /** `run` may be called twice: on a serialization failure, or when the group it ran in could not commit. */
  transaction<TValue>(run: (tx: DriverTransaction) => Promise<TValue>): Promise<TValue>;
  /** All or nothing, in order, in one durable transaction shared with neighbours. A refusal changes nothing. */
  append(batch: readonly DriverStatement[]): Promise<AppendRefusal | undefined>;
  /** The clock of leases and expiry, ms since 1970: the database's, or one that never goes backward. */
  now(): Promise<number>;
  /** The same without asking: as it was told last, and the time that has passed since. */
  nowAbout(): number;
  /** A hint to every process. May be lost; polling is the truth. */
  notify(channel: string): void;
  onNotify(channel: string, listen: () => void): () => void;
  /** Takes part in the election for `role`; at most one process over all runs it. The returned function steps down. */
  elect(role: string, election: Election): () => Promise<void>;
  /** A statement outside any transaction, for migrations and maintenance (`vacuum`, `create index concurrently`). */
  migrate(run: (tx: DriverTransaction) => Promise<void>): Promise<void>;
  /** Copies the database, consistent and while it serves, to a file (SQLite). PostgreSQL answers `store.backupElsewhere`. */
  backup(file: string): Promise<void>;
  /**
   * Settles when only a new process helps: from then on everything is refused with `store.unavailable`. A database that
   * is away for a while is not meant; a driver that always finds its way back leaves it out.
   */
  readonly lost?: Promise<Problem>;
  close(): Promise<void>;
}
