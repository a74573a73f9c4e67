import {
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import type {
  CompiledQuery,
  DatabaseConnection,
  Dialect,
  Driver as KyselyDriver,
  QueryCompiler,
  QueryResult,
  RootOperationNode,
} from "kysely";
import type { SqlValue } from "../contract/index.ts";
import type { Driver, DriverResult, DriverStatement } from "./driver.ts";
import { raiseStore } from "./errors.ts";

/** How a Kysely instance reaches the database, and what becomes of every statement before it is compiled. */
export interface DbOptions {
  readonly dialect: Driver["dialect"];
  readonly prepare: (node: RootOperationNode) => RootOperationNode;
  readonly execute: (statement: DriverStatement) => Promise<DriverResult>;
}

/**
 * Kysely that only writes SQL: every statement goes through `prepare`, is compiled, and run by `execute`. Text that
 * this instance has not compiled itself is refused, so `prepare` has seen all that reaches the database.
 */
export function createDb<TTables>(options: DbOptions): Kysely<TTables> {
  const compiled = new WeakSet<CompiledQuery>();
  return new Kysely<TTables>({ dialect: createDialect(options, compiled) });
}

const compilers: Record<Driver["dialect"], () => QueryCompiler> = {
  sqlite: () => new SqliteQueryCompiler(),
  postgres: () => new PostgresQueryCompiler(),
};

function compilerOf(dialect: Driver["dialect"]): QueryCompiler {
  return compilers[dialect]();
}

function createDialect(options: DbOptions, compiled: WeakSet<CompiledQuery>): Dialect {
  const isSqlite = options.dialect === "sqlite";
  return {
    createAdapter: () => (isSqlite ? new SqliteAdapter() : new PostgresAdapter()),
    createDriver: () => createDriver(options, compiled),
    createIntrospector: (db) =>
      isSqlite ? new SqliteIntrospector(db) : new PostgresIntrospector(db),
    createQueryCompiler: () => {
      const inner = compilerOf(options.dialect);
      return {
        compileQuery: (node, queryId) => {
          const query = inner.compileQuery(options.prepare(node), queryId);
          compiled.add(query);
          return query;
        },
      };
    },
  };
}

function createDriver(options: DbOptions, compiled: WeakSet<CompiledQuery>): KyselyDriver {
  const connection: DatabaseConnection = {
    executeQuery: async <TRow>(query: CompiledQuery): Promise<QueryResult<TRow>> => {
      if (!compiled.has(query)) throw refuse("text compiled elsewhere");
      const { rows, changes } = await options.execute({
        sql: query.sql,
        // Kysely knows parameters as unknown; the driver checks every one of them.
        parameters: query.parameters as readonly SqlValue[],
      });
      // The row type is what the builder inferred from the statement that made these rows.
      return { rows: rows as unknown as TRow[], numAffectedRows: BigInt(changes) };
    },
    streamQuery: () => {
      throw refuse("streaming is not supported");
    },
  };
  return {
    init: () => Promise.resolve(),
    acquireConnection: () => Promise.resolve(connection),
    beginTransaction: () => Promise.reject(refuse("transactions are the store's own")),
    commitTransaction: () => Promise.resolve(),
    rollbackTransaction: () => Promise.resolve(),
    releaseConnection: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  };
}

function refuse(reason: string): Error {
  return raiseStore("store.unsupportedStatement", { params: { reason } });
}
