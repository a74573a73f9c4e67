import type { LogEvent, LogQuery, SqlValue } from "../contract/index.ts";
import type { Driver } from "../store/index.ts";
import { EVENT_COLUMNS, toEvent } from "./event-row.ts";
import { placeholders } from "./placeholders.ts";
import { typeCondition } from "./types.ts";

const PAGE_MAX = 1_000;

/** Reads of the log in its order; what has no position yet is not there. */
export interface LogReader {
  /** The position of the last event; 0 when the log is empty. */
  head(): Promise<number>;
  /** Events after one position up to another, in log order, at most `limit`. */
  between(range: LogRange): Promise<readonly LogEvent[]>;
  at(organization: string, seq: number): Promise<LogEvent | undefined>;
  find(organization: string, id: string): Promise<LogEvent | undefined>;
  page(query: LogQuery): Promise<readonly LogEvent[]>;
}

/** A part of the log: after `after`, up to and with `upTo`. */
export interface LogRange {
  readonly after: number;
  readonly upTo: number;
  readonly types: readonly string[] | undefined;
  readonly limit: number;
}

/** Makes the reads for one database. */
export function createReader(driver: Driver): LogReader {
  const to = placeholders(driver.dialect);
  const headSql =
    driver.dialect === "sqlite"
      ? `select coalesce(max(seq), 0) as head from log_events`
      : `select last as head from log_sequence`;
  const select = async (sql: string, parameters: SqlValue[]): Promise<readonly LogEvent[]> => {
    const result = await driver.query({
      sql: to(`select seq, ${EVENT_COLUMNS} from log_events where ${sql}`),
      parameters,
    });
    return result.rows.map(toEvent);
  };
  return {
    head: async () => {
      const { rows } = await driver.query({ sql: headSql, parameters: [] });
      return Number(rows[0]?.["head"] ?? 0);
    },
    between: async (range) => {
      const types = typeCondition(range.types);
      return select(
        `seq > ? and seq <= ?${types === undefined ? "" : ` and ${types.sql}`} order by seq limit ?`,
        [range.after, range.upTo, ...(types?.parameters ?? []), range.limit],
      );
    },
    at: async (organization, seq) =>
      (await select(`organization = ? and seq = ?`, [organization, seq]))[0],
    find: async (organization, id) =>
      (await select(`organization = ? and id = ?`, [organization, id]))[0],
    page: async (query) => {
      const { conditions, parameters } = pageConditions(query);
      const order = query.order === "newest" ? "desc" : "asc";
      return select(`${conditions.join(" and ")} order by seq ${order} limit ?`, [
        ...parameters,
        Math.min(query.limit, PAGE_MAX),
      ]);
    },
  };
}

function pageConditions(query: LogQuery): { conditions: string[]; parameters: SqlValue[] } {
  const conditions = ["organization = ?", "seq is not null"];
  const parameters: SqlValue[] = [query.organization];
  const ask = (condition: string, value: SqlValue | undefined): void => {
    if (value === undefined) return;
    conditions.push(condition);
    parameters.push(value);
  };
  ask("subject = ?", query.subject);
  ask("trace = ?", query.trace);
  ask("at >= ?", query.since);
  ask("at < ?", query.until);
  if (query.channel !== undefined) {
    // Channels are a JSON array of texts, in which an unescaped quote stands at their beginnings and ends alone.
    const text = JSON.stringify(query.channel);
    conditions.push(`(substr(channels, 1, length(?)) = ? or replace(channels, ?, '') <> channels)`);
    parameters.push(`[${text}`, `[${text}`, `,${text}`);
  }
  ask("seq > ?", query.after);
  ask("seq < ?", query.before);
  const types = typeCondition(query.types);
  if (types !== undefined) {
    conditions.push(types.sql);
    parameters.push(...types.parameters);
  }
  return { conditions, parameters };
}
