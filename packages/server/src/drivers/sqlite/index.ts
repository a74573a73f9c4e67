export { openSqlite } from "./open.ts";
export type { SqliteOptions } from "./open.ts";
