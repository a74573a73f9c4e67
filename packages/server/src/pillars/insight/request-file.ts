import { DatabaseSync } from "node:sqlite";
import type { SQLInputValue, StatementSync } from "node:sqlite";
import type { Kept } from "./budget.ts";
import type { ThreadSettings } from "./messages.ts";
import type { PlacedRow, RequestQuery, RequestRow } from "./request-row.ts";

const CREATE = `create table if not exists requests (
  position integer primary key,
  organization text not null,
  id text not null,
  trace text not null,
  subject text not null,
  at integer not null,
  duration_ms real not null,
  method text not null,
  route text not null,
  path text not null,
  status integer not null,
  code text,
  client_address text not null,
  kept text not null
) strict;
create index if not exists requests_newest on requests (organization, position);
create index if not exists requests_thread on requests (organization, trace);`;
const INSERT = `insert into requests (organization, id, trace, subject, at, duration_ms, method, route,
  path, status, code, client_address, kept) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
/** Rows beyond the limit that are suffered before the oldest are deleted in one go. */
const SLACK = 0.02;

/** `requests.db`: one table, newest rows first, the oldest deleted by number. */
export class RequestFile {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #rowsMax: number;
  #written = 0;

  constructor({ file, rowsMax }: ThreadSettings) {
    this.#database = new DatabaseSync(file);
    // NORMAL: a crash of the machine may lose the last moments, which this log is allowed to.
    this.#database.exec(
      "pragma auto_vacuum=incremental; pragma journal_mode=wal; pragma synchronous=normal; pragma busy_timeout=5000",
    );
    this.#database.exec(CREATE);
    this.#insert = this.#database.prepare(INSERT);
    this.#rowsMax = rowsMax;
  }

  write(rows: readonly RequestRow[]): void {
    this.#database.exec("begin immediate");
    try {
      for (const row of rows) this.#insert.run(...columnsOf(row));
      this.#forget(rows.length);
      this.#database.exec("commit");
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("rollback");
      throw error;
    }
  }

  #forget(count: number): void {
    this.#written += count;
    if (this.#written < this.#rowsMax * SLACK) return;
    this.#written = 0;
    this.#database
      .prepare("delete from requests where position <= (select max(position) from requests) - ?")
      .run(this.#rowsMax);
    this.#database.exec("pragma incremental_vacuum(1000)");
  }

  find(query: RequestQuery): readonly PlacedRow[] {
    const wheres = ["organization = ?"];
    const values: SQLInputValue[] = [query.organization];
    const add = (where: string, ...given: SQLInputValue[]): void => {
      wheres.push(where);
      values.push(...given);
    };
    if (query.before !== undefined) add("position < ?", query.before);
    if (query.method !== undefined) add("method = ?", query.method);
    if (query.route !== undefined) add("route = ?", query.route);
    if (query.trace !== undefined) add("trace = ?", query.trace);
    if (query.since !== undefined) add("at >= ?", query.since);
    if (query.status?.endsWith("xx") === true) {
      const from = Number(query.status[0]) * 100;
      add("status between ? and ?", from, from + 99);
    } else if (query.status !== undefined) {
      add("status = ?", Number(query.status));
    }
    return this.#database
      .prepare(
        `select * from requests where ${wheres.join(" and ")} order by position desc limit ?`,
      )
      .all(...values, query.limit)
      .map(toPlaced);
  }

  close(): void {
    this.#database.close();
  }
}

function columnsOf(row: RequestRow): SQLInputValue[] {
  return [
    row.organization,
    row.id,
    row.trace,
    row.subject,
    row.at,
    row.durationMs,
    row.method,
    row.route,
    row.path,
    row.status,
    row.code,
    row.clientAddress,
    row.kept,
  ];
}

function toPlaced(row: Record<string, unknown>): PlacedRow {
  return {
    position: Number(row["position"]),
    row: {
      id: String(row["id"]),
      trace: String(row["trace"]),
      organization: String(row["organization"]),
      subject: String(row["subject"]),
      at: Number(row["at"]),
      durationMs: Number(row["duration_ms"]),
      method: String(row["method"]),
      route: String(row["route"]),
      path: String(row["path"]),
      status: Number(row["status"]),
      code: typeof row["code"] === "string" ? row["code"] : null,
      clientAddress: String(row["client_address"]),
      // Written from the same word above.
      kept: String(row["kept"]) as Kept,
    },
  };
}
