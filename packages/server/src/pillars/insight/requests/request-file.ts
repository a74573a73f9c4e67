import { renameSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { StatementSync } from "node:sqlite";
import { INSERT, LISTED, toPlaced, valuesOf } from "./columns.ts";
import { migrateFile } from "./file-migrations.ts";
import { conditionsOf } from "./filters.ts";
import type { ThreadSettings } from "./messages.ts";
import type { PlacedRow, RequestQuery, RequestRow } from "./request-row.ts";

/** Rows beyond the limit that are suffered before the oldest are deleted in one go. */
const SLACK = 0.02;
/** Share of the rows that is deleted at once while the file is too large. */
const SHED = 0.05;
const SHEDS_MAX = 40;
/** Rows between two looks at the file's size. */
const LOOK_ROWS = 5_000;

/** `requests.db`: one table, newest rows first, the oldest deleted by number. */
export class RequestFile {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #settings: ThreadSettings;
  #written = 0;

  constructor(settings: ThreadSettings) {
    this.#settings = settings;
    this.#database = open(settings.file);
    this.#insert = this.#database.prepare(INSERT);
  }

  write(rows: readonly RequestRow[]): void {
    this.#within(() => {
      for (const row of rows) this.#insert.run(...valuesOf(row));
    });
    this.#written += rows.length;
    if (this.#written < Math.min(LOOK_ROWS, this.#settings.rowsMax * SLACK)) return;
    this.forget(rows.at(-1)?.at ?? 0);
  }

  /** Deletes the oldest rows until all three limits are kept, and gives the space back. */
  forget(now: number): void {
    this.#written = 0;
    const { rowsMax, ageMaxMs, bytesMax } = this.#settings;
    this.#within(() => {
      this.#deleteUpTo("(select max(position) from requests) - ?", rowsMax);
      // From the oldest on: only rows that are deleted are looked at.
      this.#deleteUpTo(
        `coalesce((select position from requests where at >= ? order by position limit 1) - 1,
          (select max(position) from requests))`,
        now - ageMaxMs,
      );
    });
    for (let round = 0; round < SHEDS_MAX && this.#bytes() > bytesMax; round += 1) {
      const share = Math.max(1, Math.floor(this.#rows() * SHED));
      this.#within(() => {
        this.#deleteUpTo("(select min(position) from requests) + ? - 1", share);
      });
    }
    this.#database.exec("pragma incremental_vacuum");
  }

  #deleteUpTo(position: string, value: number): void {
    this.#database.prepare(`delete from requests where position <= ${position}`).run(value);
  }

  #rows(): number {
    const span = "select max(position) - min(position) + 1 as n from requests";
    return Number(this.#database.prepare(span).get()?.["n"] ?? 0);
  }

  /** Of the pages that hold something. */
  #bytes(): number {
    const read = (name: string): number =>
      Number(this.#database.prepare(`pragma ${name}`).get()?.[name] ?? 0);
    return (read("page_count") - read("freelist_count")) * read("page_size");
  }

  #within(work: () => void): void {
    this.#database.exec("begin immediate");
    try {
      work();
      this.#database.exec("commit");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("rollback");
      throw error;
    }
  }

  find(query: RequestQuery): readonly PlacedRow[] {
    const { before, limit, hasDetails = false, ...filters } = query;
    const { wheres, values } = conditionsOf(filters);
    const all = before === undefined ? wheres : [...wheres, "position < ?"];
    const place = all.length === 0 ? "" : ` where ${all.join(" and ")}`;
    const bound = before === undefined ? values : [...values, before];
    return this.#database
      .prepare(
        `select ${hasDetails ? "*" : LISTED} from requests${place} order by position desc limit ?`,
      )
      .all(...bound, limit)
      .map(toPlaced);
  }

  close(): void {
    this.#database.close();
  }
}

function open(file: string): DatabaseSync {
  try {
    return openFile(file);
  } catch (error) {
    if (!isBroken(error)) throw error;
    // What cannot be read any more must not keep the log from being written: it is put aside for whoever wants it.
    renameSync(file, `${file}.broken`);
    for (const rest of ["-wal", "-shm"]) rmSync(`${file}${rest}`, { force: true });
    return openFile(file);
  }
}

function openFile(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    // NORMAL: a crash of the machine may lose the last moments, which this log is allowed to.
    database.exec(
      "pragma auto_vacuum=incremental; pragma journal_mode=wal; pragma synchronous=normal; pragma busy_timeout=5000",
    );
    migrateFile(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLITE_CORRUPT, SQLITE_NOTADB. */
function isBroken(error: unknown): boolean {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) : 0;
  return [11, 26].includes(code & 0xff);
}
