import type { Driver } from "../store/index.ts";

/** Which database a text of SQL is for. */
export type Dialect = Driver["dialect"];

/**
 * Writes `?` as `$1`, `$2` … for PostgreSQL. For texts that are made once and hold no `?` of their own.
 *
 * @example
 * placeholders("postgres")("select 1 where a = ? and b = ?"); // "select 1 where a = $1 and b = $2"
 */
export function placeholders(dialect: Dialect): (sql: string) => string {
  return (sql) => {
    if (dialect === "sqlite") return sql;
    let count = 0;
    return sql.replaceAll("?", () => `$${(count += 1)}`);
  };
}
