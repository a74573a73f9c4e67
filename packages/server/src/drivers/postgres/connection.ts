import { Client, Pool } from "pg";
import type { ClientBase, ClientConfig, PoolClient, QueryConfig } from "pg";
import { isProblem } from "../../base/index.ts";
import type { Problem } from "../../base/index.ts";
import { raiseStore } from "../../kernel/store/index.ts";
import type { DriverResult, DriverStatement } from "../../kernel/store/index.ts";
import { typeParsers } from "./types.ts";

/** How every connection of the driver is made. */
export interface ConnectionOptions {
  readonly url: string;
  readonly applicationName: string;
}

function configOf({ url, applicationName }: ConnectionOptions): ClientConfig {
  return {
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    // Statements are sent without waiting for the answers of those before; pg is about to refuse what waits in its queue.
    pipeline: true,
    types: typeParsers,
  };
}

/** A connection of its own, for what belongs to a session: locks, LISTEN, migrations. */
export async function connectClient(options: ConnectionOptions): Promise<Client> {
  const client = new Client(configOf(options));
  // The loss of a connection also fails what runs on it; an unheard `error` would end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw toProblem(error);
  }
  return client;
}

/** What a pool's connections are for. */
export interface PoolUse {
  readonly max: number;
  readonly readOnly?: boolean;
}

/** A pool for one kind of use. */
export function createPool(options: ConnectionOptions, use: PoolUse): Pool {
  const pool = new Pool({
    ...configOf(options),
    max: use.max,
    idleTimeoutMillis: 30_000,
    ...(use.readOnly === true ? { options: "-c default_transaction_read_only=on" } : {}),
  });
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

/** Takes a connection from the pool; `store.unavailable` when there is none. */
export async function takeClient(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw toProblem(error);
  }
}

/** Gives a connection back, or ends it when it broke: a transaction left open on it would be the next one's. */
export function giveBack(client: PoolClient, problem?: Problem): void {
  client.release(problem?.code === "store.unavailable" || problem?.code === "store.outcomeUnknown");
}

/** Runs one statement. Throws the store's problems. */
export async function runStatement(
  client: ClientBase | Pool,
  statement: DriverStatement,
  name?: string,
): Promise<DriverResult> {
  const config: QueryConfig = { text: statement.sql, values: [...statement.parameters] };
  if (name !== undefined) config.name = name;
  try {
    const result = await client.query(config);
    const isWrite = result.command !== "SELECT";
    return { rows: result.rows, changes: isWrite ? (result.rowCount ?? 0) : 0 };
  } catch (error) {
    throw toProblem(error);
  }
}

/** Runs text that takes no parameters and may hold several statements. */
export async function runText(client: ClientBase, text: string): Promise<string> {
  try {
    const result: { command?: string } = await client.query(text);
    return result.command ?? "";
  } catch (error) {
    throw toProblem(error);
  }
}

interface Fault {
  readonly code: string;
  readonly message: string;
  readonly constraint: string | undefined;
}

const CONFLICTS = new Set(["23505", "23503", "23P01", "23001"]);
const RETRIED = new Set(["40001", "40P01", "55P03"]);
const READ_ONLY = "25006";
/** Classes of SQLSTATE that mean the server or the way to it failed: connection, resources, operator, system, internal. */
const UNAVAILABLE = /^(?:08|53|57|58|XX|F0|25P0[23])/;
const BAD_VALUES = /^(?:22|23502|23514)/;
const STATEMENTS = /^(?:0A|42|25|2|3|0)/;

/** The store's problem for what `pg` throws; a problem is left as it is. */
export function toProblem(error: unknown): Problem {
  if (isProblem(error)) return error;
  const { code, message, constraint } = readFault(error);
  const internal = `${code} ${message}`.trim();
  if (CONFLICTS.has(code)) {
    const params = { constraint: constraint ?? "" };
    return raiseStore("store.conflict", { params, internal, cause: error });
  }
  if (code === READ_ONLY) return raiseStore("store.readOnly", { internal, cause: error });
  if (RETRIED.has(code) || UNAVAILABLE.test(code)) {
    return raiseStore("store.unavailable", { internal, cause: error });
  }
  if (BAD_VALUES.test(code)) {
    const reason = "the column does not take it";
    return raiseStore("store.badValue", { params: { reason }, internal, cause: error });
  }
  // Without an SQLSTATE it came from the socket, not from the server.
  const isStatement = code.length === 5 && STATEMENTS.test(code);
  return raiseStore(isStatement ? "store.statement" : "store.unavailable", {
    internal,
    cause: error,
  });
}

/** True when another try of the same transaction may go well: a deadlock, a serialization failure, a lock not got. */
export function isRetried(error: unknown): boolean {
  const cause = isProblem(error) ? error.options.cause : error;
  return RETRIED.has(readFault(cause).code);
}

function readFault(error: unknown): Fault {
  if (typeof error !== "object" || error === null) {
    return { code: "", message: String(error), constraint: undefined };
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const message = "message" in error ? String(error.message) : "";
  const constraint =
    "constraint" in error && typeof error.constraint === "string" ? error.constraint : undefined;
  return { code, message, constraint };
}
