import type { Kysely } from "kysely";
import { DEFAULT_ORGANIZATION } from "../contract/index.ts";
import type {
  Append,
  AuditNote,
  Emit,
  EnqueueOptions,
  Origin,
  Params,
  Read,
  Scope,
  Statement,
  Tables,
  TransactionOptions,
  Tx,
} from "../contract/index.ts";
import type { Change } from "./changes.ts";
import { changeStatements } from "./changes.ts";
import type { Driver, DriverResult, DriverStatement, DriverTransaction } from "./driver.ts";
import { raiseStore } from "./errors.ts";
import type { AppendSession, Beside, TxSession, WriteContext, Writers } from "./hub.ts";
import { createDb } from "./kysely.ts";
import { fillStatement } from "./statement.ts";
import { bindStatement } from "./tenancy.ts";
import type { Binding, TableMap } from "./tenancy.ts";

/** Statements that leave together: they are in each other's order, and cost one way to the database, not one each. */
const FLUSH_MAX = 500;

/** What every handle of one hub has in common. */
export interface HubParts {
  readonly driver: Driver;
  readonly tables: TableMap;
  readonly writers: Writers;
  /** For `at` of changes: trimmed by it, nothing else. */
  readonly now: () => number;
}

/** Whose handle it is, over which rows. */
interface View {
  readonly parts: HubParts;
  readonly owner: string;
  readonly scope: Scope;
}

/** Kysely over the owner's tables, bound to the scope. */
function bindDb<TTables extends Tables>(
  view: View,
  execute: (statement: DriverStatement) => Promise<DriverResult>,
): Kysely<TTables> {
  const binding = bindingOf(view);
  return createDb<TTables>({
    dialect: view.parts.driver.dialect,
    prepare: (node) => bindStatement(node, binding),
    execute,
  });
}

function bindingOf({ parts, owner, scope }: View): Binding {
  const { tables } = parts;
  if (scope === "instance") return { owner, tables };
  const { organization } = scope;
  const accept = (given: unknown): unknown => (given === organization ? organization : undefined);
  return { owner, tables, organization: { value: organization, accept } };
}

/** A handle on committed rows. */
export function createRead(parts: HubParts, owner: string, scope: Scope): Read {
  const view = { parts, owner, scope };
  let db: Kysely<never> | undefined;
  return {
    scope,
    db: <TTables extends Tables>() => {
      db ??= bindDb(view, (statement) => parts.driver.query(statement));
      // One instance serves every type parameter: tables exist in the builder's types only.
      return db as unknown as Kysely<TTables>;
    },
  };
}

/** Collects what goes with a write: events, jobs, audit notes and change marks, as statements in order. */
class Outbox {
  readonly statements: DriverStatement[] = [];
  readonly changes: Change[] = [];
  hasEvents = false;
  hasJobs = false;

  add(statements: readonly DriverStatement[]): void {
    this.statements.push(...statements);
  }

  all(parts: HubParts): DriverStatement[] {
    const marks = changeStatements(parts.driver.dialect, this.changes, parts.now());
    return [...this.statements, ...marks];
  }
}

/** The four verbs that transactions and batches share. */
interface Verbs {
  readonly emit: Emit;
  enqueue(job: string, input: unknown, options?: EnqueueOptions): string;
  audit(entry: AuditNote): void;
  changed(kind: string, id: string): void;
}

function createVerbs(view: View, origin: Origin, outbox: Outbox): Verbs {
  const { writers } = view.parts;
  const organization = organizationOf(view.scope);
  const context: WriteContext = { owner: view.owner, organization, origin };
  return {
    emit: (type, data, options = {}) => {
      const { id, statements } = writers.emit(context, { type, data, options });
      outbox.add(statements);
      outbox.hasEvents = true;
      return id;
    },
    enqueue: (name, input, options = {}) => {
      const { id, statements } = writers.enqueue(context, { name, input, options });
      outbox.add(statements);
      outbox.hasJobs = true;
      return id;
    },
    audit: (entry) => outbox.add(writers.audit(context, entry)),
    changed: (kind, id) => {
      outbox.changes.push({ kind, id });
    },
  };
}

/** What a finished session leaves to be told after the commit. */
export interface Held {
  readonly events: boolean;
  readonly jobs: boolean;
  readonly changes: boolean;
}

/** One attempt at a transaction: its handles, and the flush that ends it. */
export function createTxSession(
  parts: HubParts,
  options: TransactionOptions,
  tx: DriverTransaction,
): { readonly session: TxSession; readonly flush: () => Promise<Held> } {
  const outbox = new Outbox();
  const session: TxSession = {
    as: (owner, scope = options.scope) =>
      createTx({ parts, owner, scope }, options.origin, { tx, outbox }),
  };
  const flush = async (): Promise<Held> => {
    const statements = outbox.all(parts);
    for (let start = 0; start < statements.length; start += FLUSH_MAX) {
      const chunk = statements.slice(start, start + FLUSH_MAX);
      await Promise.all(chunk.map((statement) => tx.execute(statement)));
    }
    return heldBy(outbox);
  };
  return { session, flush };
}

function createTx(
  view: View,
  origin: Origin,
  { tx, outbox }: { readonly tx: DriverTransaction; readonly outbox: Outbox },
): Tx {
  const { driver } = view.parts;
  let db: Kysely<never> | undefined;
  const handle: Tx = {
    ...createVerbs(view, origin, outbox),
    scope: view.scope,
    origin,
    db: <TTables extends Tables>() => {
      db ??= bindDb(view, (statement) => tx.execute(statement));
      return db as unknown as Kysely<TTables>;
    },
    now: () => (driver.dialect === "sqlite" ? driver.now() : databaseNow(tx)),
    forUpdate: (query) => (driver.dialect === "sqlite" ? query : lockRows(query)),
    within: (scope) => createTx({ ...view, scope }, origin, { tx, outbox }),
  };
  besides.set(handle, {
    organization: organizationOf(view.scope),
    as: (owner) =>
      createTx({ ...view, owner, scope: { organization: organizationOf(view.scope) } }, origin, {
        tx,
        outbox,
      }),
    execute: (statement) => tx.execute(statement),
    hasJobs: () => {
      outbox.hasJobs = true;
    },
  });
  return handle;
}

// Keyed by the handle, so that nothing of the transaction shows on what a plugin is given.
const besides = new WeakMap<Tx, Beside>();

/** The transaction behind a plugin's handle. */
export function besideOf(tx: Tx): Beside {
  const beside = besides.get(tx);
  if (beside === undefined) throw new TypeError("the handle is of no transaction of this store");
  return beside;
}

function organizationOf(scope: Scope): string {
  return scope === "instance" ? DEFAULT_ORGANIZATION : scope.organization;
}

// On the transaction's own connection: asking the pool for another could wait for this very transaction.
async function databaseNow(tx: DriverTransaction): Promise<number> {
  const { rows } = await tx.execute({
    sql: "select floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now",
    parameters: [],
  });
  return Number(rows[0]?.["now"]);
}

function lockRows<TQuery>(query: TQuery): TQuery {
  if (typeof query === "object" && query !== null && "forUpdate" in query) {
    const { forUpdate } = query;
    // Kysely's own method gives back the builder's own type.
    if (typeof forUpdate === "function") return forUpdate.call(query) as TQuery;
  }
  throw raiseStore("store.unsupportedStatement", {
    params: { reason: "forUpdate takes a select" },
  });
}

/** One batch under way: its handles, and what it adds up to. */
export function createAppendSession(
  parts: HubParts,
  options: TransactionOptions,
): {
  readonly session: AppendSession;
  readonly end: () => { readonly batch: readonly DriverStatement[]; readonly held: Held };
} {
  const outbox = new Outbox();
  const session: AppendSession = {
    as: (owner, scope = options.scope) =>
      createAppend({ parts, owner, scope }, options.origin, outbox),
    add: (statement) => outbox.add([statement]),
  };
  return { session, end: () => ({ batch: outbox.all(parts), held: heldBy(outbox) }) };
}

function createAppend(view: View, origin: Origin, outbox: Outbox): Append {
  const { parts, owner, scope } = view;
  const organization = scope === "instance" ? undefined : scope.organization;
  const use = { dialect: parts.driver.dialect, owner, tables: parts.tables, organization };
  return {
    ...createVerbs(view, origin, outbox),
    scope,
    origin,
    write: <TParams extends Params>(
      statement: Statement<TParams>,
      params: TParams,
      rows?: number,
    ) => {
      const filled = fillStatement(use, statement, params);
      outbox.add([rows === undefined ? filled : { ...filled, rows }]);
    },
  };
}

function heldBy(outbox: Outbox): Held {
  return {
    events: outbox.hasEvents,
    jobs: outbox.hasJobs,
    changes: outbox.changes.length > 0,
  };
}
