import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import type {
  Cell,
  ThreadFault,
  ThreadResult,
  ThreadSettings,
  ThreadStatement,
} from "./messages.ts";

const PREPARED_MAX = 1_000;
const NO_ROWS: ThreadResult["rows"] = [];

interface Prepared {
  readonly statement: StatementSync;
  readonly returnsRows: boolean;
  readonly isSelect: boolean;
}

/** A refusal on its way to the main thread. `isFatal`: the transaction around it is lost as well. */
export class ConnectionFault extends Error {
  readonly fault: ThreadFault;
  readonly isFatal: boolean;

  constructor(fault: ThreadFault, isFatal: boolean) {
    super(fault.detail);
    this.fault = fault;
    this.isFatal = isFatal;
  }
}

/** One open database file and its compiled statements. Lives in a thread of its own; every call blocks that thread. */
export class Connection {
  readonly #db: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  constructor(settings: ThreadSettings) {
    this.#db = new DatabaseSync(settings.file, {
      enableForeignKeyConstraints: true,
      enableDoubleQuotedStringLiterals: false,
      timeout: 5_000,
      readOnly: false,
    });
    for (const pragma of pragmasOf(settings)) this.#db.exec(`pragma ${pragma}`);
  }

  /** False once SQLite has rolled the transaction back by itself. */
  get isTransaction(): boolean {
    return this.#db.isTransaction;
  }

  /** Runs text without parameters, such as `begin immediate`. Throws a {@link ConnectionFault}. */
  run(sql: string): void {
    try {
      this.#prepare(sql).statement.run();
    } catch (error) {
      throw toFault(error);
    }
  }

  /** Runs one statement to its end. Throws a {@link ConnectionFault}. */
  execute(statement: ThreadStatement): ThreadResult {
    try {
      const prepared = this.#prepare(statement.sql);
      const values = statement.parameters.map(toBound);
      if (!prepared.returnsRows) {
        return { rows: NO_ROWS, changes: Number(prepared.statement.run(...values).changes) };
      }
      if (prepared.isSelect) return { rows: readRows(prepared.statement, values), changes: 0 };
      const before = this.#totalChanges();
      const rows = prepared.statement.all(...values).map(narrowRow);
      return { rows, changes: this.#totalChanges() - before };
    } catch (error) {
      throw toFault(error);
    }
  }

  /** Like `execute`, but refuses to write whatever the statement says. */
  read(statement: ThreadStatement): ThreadResult {
    this.run("pragma query_only = on");
    try {
      return this.execute(statement);
    } finally {
      this.run("pragma query_only = off");
    }
  }

  close(): void {
    this.#db.close();
  }

  #totalChanges(): number {
    return Number(this.#prepare("select total_changes() as n").statement.get()?.["n"] ?? 0);
  }

  #prepare(sql: string): Prepared {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    // Also for statements without rows: `run` reports the last rowid, whichever it was, and throws if it is too large.
    const statement = this.#db.prepare(sql, { readBigInts: true });
    const prepared = {
      statement,
      returnsRows: statement.columns().length > 0,
      isSelect: /^\s*select\b/i.test(sql),
    };
    // Oldest first: what is in constant use comes back at once, what a caller built only once goes.
    if (this.#prepared.size >= PREPARED_MAX) {
      const oldest = this.#prepared.keys().next().value;
      if (oldest !== undefined) this.#prepared.delete(oldest);
    }
    this.#prepared.set(sql, prepared);
    return prepared;
  }
}

function pragmasOf(settings: ThreadSettings): string[] {
  if (settings.role === "reader") return ["query_only = on"];
  if (settings.role === "copier") return [];
  return [
    // Has to come before the first table, else only a VACUUM can turn it on.
    "auto_vacuum = incremental",
    "journal_mode = wal",
    "synchronous = full",
    "journal_size_limit = 67108864",
    "cache_size = -32000",
    "temp_store = memory",
    ...(settings.maxPageCount === undefined
      ? []
      : [`max_page_count = ${settings.maxPageCount.toFixed()}`]),
  ];
}

// node:sqlite binds every number as a REAL; whole ones are meant as INTEGER (`5`, not `5.0`, in a text column or JSON).
function toBound(value: Cell): Cell {
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : value;
}

// Reading whole numbers as bigint costs an allocation each, so it is done only when one of them is too large.
function readRows(statement: StatementSync, values: readonly Cell[]): Record<string, Cell>[] {
  statement.setReadBigInts(false);
  try {
    return statement.all(...values);
  } catch (error) {
    if (!isOutOfRange(error)) throw error;
    statement.setReadBigInts(true);
    return statement.all(...values).map(narrowRow);
  }
}

function narrowRow(row: Record<string, Cell>): Record<string, Cell> {
  for (const name of Object.keys(row)) {
    const value = row[name];
    if (typeof value !== "bigint") continue;
    const narrow = Number(value);
    if (Number.isSafeInteger(narrow)) row[name] = narrow;
  }
  return row;
}

function isOutOfRange(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_OUT_OF_RANGE";
}

/** SQLite's primary result codes that mean: not the statement's fault, and the transaction is not to be trusted. */
const FATAL = new Set([5, 6, 7, 10, 11, 13, 14, 26]);
const CONSTRAINT = 19;
const CONFLICTS = new Set([1555, 2067, 2579, 787]);
const BAD_VALUES = new Set([12, 18, 20, 25, 3091, 1299, 275]);
const READ_ONLY = 8;

function toFault(error: unknown): ConnectionFault {
  if (error instanceof ConnectionFault) return error;
  const detail = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) : undefined;
  if (code === undefined) return new ConnectionFault({ code: "store.badValue", detail }, false);
  const primary = code & 0xff;
  if (FATAL.has(primary)) return new ConnectionFault({ code: "store.unavailable", detail }, true);
  if (primary === READ_ONLY) return new ConnectionFault({ code: "store.readOnly", detail }, false);
  if (primary === CONSTRAINT && CONFLICTS.has(code)) {
    const constraint = detail.split(": ")[1] ?? detail;
    return new ConnectionFault({ code: "store.conflict", detail, constraint }, false);
  }
  if (BAD_VALUES.has(code)) return new ConnectionFault({ code: "store.badValue", detail }, false);
  return new ConnectionFault({ code: "store.statement", detail }, false);
}
