import type {
  Append,
  AuditNote,
  EmitOptions,
  EnqueueOptions,
  Migration,
  Origin,
  Read,
  Scope,
  Store,
  TableScope,
  TransactionOptions,
  Tx,
} from "../contract/index.ts";
import type { Driver, DriverResult, DriverStatement } from "./driver.ts";

/** Whoever has tables: a plugin, or a room of the kernel (`log`, `jobs`, `audit`, `http`). */
export interface SchemaOwner {
  readonly id: string;
  readonly tables?: Readonly<Record<string, TableScope>>;
  readonly migrations?: readonly Migration[];
}

/** Who writes, in whose rows, and why. */
export interface WriteContext {
  readonly owner: string;
  readonly organization: string;
  readonly origin: Origin;
}

/**
 * Turns emits, enqueues, audit notes and change marks into statements of the transaction they are part of. The log,
 * jobs and audit rooms each fill their own; the store knows no table of theirs.
 */
export interface Writers {
  emit(
    context: WriteContext,
    event: { readonly type: string; readonly data: unknown; readonly options: EmitOptions },
  ): { readonly id: string; readonly statements: readonly DriverStatement[] };
  enqueue(
    context: WriteContext,
    job: { readonly name: string; readonly input: unknown; readonly options: EnqueueOptions },
  ): { readonly id: string; readonly statements: readonly DriverStatement[] };
  audit(context: WriteContext, note: AuditNote): readonly DriverStatement[];
  /** Called after the commit, with what it held: hints that wake readers. Nothing may depend on it. */
  committed(held: { readonly events: boolean; readonly jobs: boolean }): void;
}

/** Several owners' views of one transaction: the kernel writes its rows beside a plugin's. */
export interface TxSession {
  as(owner: string, scope?: Scope): Tx;
}

/** Several owners' views of one batch. */
export interface AppendSession {
  as(owner: string, scope?: Scope): Append;
  /** Raw statements of kernel rooms, such as the fence of a job; a refusal throws `store.conflict`. */
  add(statement: DriverStatement): void;
}

/** The transaction that a plugin's handle belongs to, for a kernel room whose rows change with the plugin's. */
export interface Beside {
  readonly organization: string;
  /** Another owner's handle on the same transaction and organization. */
  readonly as: (owner: string) => Tx;
  readonly execute: (statement: DriverStatement) => Promise<DriverResult>;
  /** Jobs became runnable: tells the engines after the commit. */
  readonly hasJobs: () => void;
}

/** The kernel's own door to the store. Plugins see {@link Store}, which `for` makes of it. */
export interface StoreHub {
  readonly driver: Driver;
  for(owner: string): Store;
  read(owner: string, scope: Scope): Read;
  /** The transaction behind a handle that this hub gave. Throws for any other object. */
  beside(tx: Tx): Beside;
  transaction<TValue>(
    options: TransactionOptions,
    run: (session: TxSession) => Promise<TValue>,
  ): Promise<TValue>;
  append<TValue>(
    options: TransactionOptions,
    write: (session: AppendSession) => TValue,
  ): Promise<TValue>;
}
