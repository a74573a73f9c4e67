import type { Compilable, Kysely } from "kysely";
import type { EnqueueOptions } from "./enqueue.ts";
import type { Emit } from "./event.ts";
import type { Origin } from "./trace.ts";

/** The only values that reach a database. A Date, undefined, NaN or a boolean is refused with the column's name. */
export type SqlValue = string | number | bigint | Uint8Array | null;

/** One row as the drivers return it: on both databases the same JavaScript types. */
export type SqlRow = Record<string, SqlValue>;

/** Whose rows a handle sees: one organization's, or the installation's own. */
export type Scope = { readonly organization: string } | "instance";

/** A plugin's tables, each with its columns: the type parameter of {@link Kysely}. */
export type Tables = object;

/** Reads of committed rows. Every statement sees the newest commit; there is no snapshot across statements. */
export interface Read {
  /**
   * Kysely over the plugin's own tables, bound to the scope: on tables of organizations every select, update and
   * delete is narrowed to the organization, every insert stamped with it. Tables of other plugins are refused.
   */
  db<TTables extends Tables>(): Kysely<TTables>;
  readonly scope: Scope;
}

/**
 * One transaction. Everything written, emitted and enqueued through it becomes true together or not at all.
 * The function that holds it may run twice (a lost race): it may only use what it is given. Once the function has
 * settled, or 50 ms have passed without a statement, the handle is revoked and every use throws.
 */
export interface Tx extends Read {
  readonly emit: Emit;
  /** Adds a job of this plugin; it runs after the commit, at least once. Returns its id. */
  enqueue(job: string, input: unknown, options?: EnqueueOptions): string;
  /** Notes in the audit what the operation itself does not tell, such as the diff of a row. */
  audit(entry: AuditNote): void;
  /** Tells every process that rows of `kind` changed, so that it drops what it has cached of `id`. */
  changed(kind: string, id: string): void;
  /** Milliseconds by the clock that leases and expiry use: the database's on PostgreSQL. */
  now(): Promise<number>;
  /** `for update` on PostgreSQL; on SQLite, where one writer runs at a time, the query unchanged. */
  forUpdate<TQuery>(query: TQuery): TQuery;
  /**
   * The same transaction over another scope's rows, log and jobs: for a step across organizations that a rule of the
   * plugin allows, such as an invitation that is accepted. Whoever calls it has made sure of that rule.
   */
  within(scope: Scope): Tx;
  readonly origin: Origin;
}

/** What the audit keeps beside who, when and which operation. */
export interface AuditNote {
  readonly action: string;
  readonly target: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/**
 * A batch of writes without reads between them: the fast way. Its members are compiled once, run in one durable
 * transaction with many neighbours, and all fail if one of them changes another number of rows than expected.
 */
export interface Append {
  readonly emit: Emit;
  enqueue(job: string, input: unknown, options?: EnqueueOptions): string;
  /** Adds one statement. `rows` is the number of rows it must change; left out, any number. */
  write<TParams extends Params>(
    statement: Statement<TParams>,
    params: TParams,
    rows?: number,
  ): void;
  audit(entry: AuditNote): void;
  changed(kind: string, id: string): void;
  readonly scope: Scope;
  readonly origin: Origin;
}

/** Parameters of a compiled statement, by name. */
export type Params = Readonly<Record<string, SqlValue>>;

/** A statement written with Kysely once, compiled once for each database, and filled with parameters ever after. */
export interface Statement<TParams extends Params> {
  readonly name: string;
  readonly build: (db: Kysely<never>, param: (name: keyof TParams & string) => never) => Compilable;
}

/** What a transaction is part of. */
export interface TransactionOptions {
  readonly scope: Scope;
  readonly origin: Origin;
}

/** The store as one plugin sees it. */
export interface Store {
  read(scope: Scope): Read;
  transaction<TValue>(
    options: TransactionOptions,
    run: (tx: Tx) => Promise<TValue>,
  ): Promise<TValue>;
  /** Settles when the batch is durable; `store.conflict` when a row count was not as expected. */
  append<TValue>(options: TransactionOptions, write: (batch: Append) => TValue): Promise<TValue>;
  readonly dialect: "sqlite" | "postgres";
}

/** Who may see the rows of a table. `organization` tables start primary key and indexes with that column. */
export type TableScope = "organization" | "instance";

/** What a migration may use beyond Kysely's schema builder. */
export interface MigrationContext {
  readonly db: Kysely<Record<string, Record<string, SqlValue>>>;
  readonly dialect: "sqlite" | "postgres";
  /** Column types that mean the same on both: `type.text`, `type.integer` (64 bit), `type.real`, `type.bytes`. */
  readonly type: ColumnTypes;
  readonly onSqlite: (run: () => Promise<void>) => Promise<void>;
  readonly onPostgres: (run: () => Promise<void>) => Promise<void>;
}

/** Portable column types; pass one as the second argument of `addColumn`. Text compares by bytes (`COLLATE "C"`). */
export interface ColumnTypes {
  readonly text: "text";
  readonly integer: "integer" | "bigint";
  readonly real: "real" | "double precision";
  readonly bytes: "blob" | "bytea";
}

/** One forward step of a plugin's tables. Numbered within the plugin; its checksum is kept and compared at start. */
export interface Migration {
  /** `0001-create-notes`; sorts. */
  readonly id: string;
  up(context: MigrationContext): Promise<void>;
}
