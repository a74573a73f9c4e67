import type { Clock } from "../../base/index.ts";
import type { Scope, Store, TransactionOptions } from "../contract/index.ts";
import { CHANGES_CHANNEL, storeSchema } from "./changes.ts";
import type { Driver } from "./driver.ts";
import { raiseStore } from "./errors.ts";
import type { AppendSession, SchemaOwner, StoreHub, TxSession, Writers } from "./hub.ts";
import { besideOf, createAppendSession, createRead, createTxSession } from "./session.ts";
import type { Held, HubParts } from "./session.ts";
import type { TableMap } from "./tenancy.ts";

/** What a hub is made of. */
export interface StoreHubOptions {
  readonly driver: Driver;
  /** Every owner of tables; the store's own are added. */
  readonly owners: readonly SchemaOwner[];
  readonly writers: Writers;
  readonly clock: Clock;
  /** The test kit's way: every transaction function runs, is rolled back, and runs again. */
  readonly runTwice?: boolean;
}

/** Thrown by the store itself to roll the first of two runs back. Never leaves this file. */
class FirstRunEnded extends Error {}

/** Builds the kernel's door to the store over one driver. Nothing is opened or changed. */
export function createStoreHub(options: StoreHubOptions): StoreHub {
  const { driver, writers, clock } = options;
  const parts: HubParts = {
    driver,
    writers,
    tables: tableMap([storeSchema, ...options.owners]),
    now: () => Math.floor(clock.now()),
  };
  const transaction = <TValue>(
    transactionOptions: TransactionOptions,
    run: (session: TxSession) => Promise<TValue>,
  ): Promise<TValue> => runTransaction(parts, transactionOptions, { run, options });
  const append = <TValue>(
    appendOptions: TransactionOptions,
    write: (session: AppendSession) => TValue,
  ): Promise<TValue> => runAppend(parts, appendOptions, write);
  const read = (owner: string, scope: Scope): ReturnType<Store["read"]> =>
    createRead(parts, owner, scope);
  return {
    driver,
    read,
    beside: besideOf,
    transaction,
    append,
    for: (owner) => ({
      dialect: driver.dialect,
      read: (scope) => read(owner, scope),
      transaction: (given, run) => transaction(given, (session) => run(session.as(owner))),
      append: (given, write) => append(given, (session) => write(session.as(owner))),
    }),
  };
}

function tableMap(owners: readonly SchemaOwner[]): TableMap {
  const map = new Map<string, { owner: string; scope: "organization" | "instance" }>();
  for (const owner of owners) {
    for (const [table, scope] of Object.entries(owner.tables ?? {})) {
      map.set(table, { owner: owner.id, scope });
    }
  }
  return map;
}

async function runTransaction<TValue>(
  parts: HubParts,
  transactionOptions: TransactionOptions,
  given: {
    readonly run: (session: TxSession) => Promise<TValue>;
    readonly options: StoreHubOptions;
  },
): Promise<TValue> {
  const { run, options } = given;
  const attempt = (isFirstOfTwo: boolean): Promise<{ value: TValue; held: Held }> =>
    parts.driver.transaction(async (tx) => {
      const { session, flush } = createTxSession(parts, transactionOptions, tx);
      const value = await run(session);
      const held = await flush();
      if (isFirstOfTwo) throw new FirstRunEnded();
      return { value, held };
    });
  if (options.runTwice === true) {
    await attempt(true).catch((error: unknown) => {
      if (!(error instanceof FirstRunEnded)) throw error;
    });
  }
  const { value, held } = await attempt(false);
  tell(parts, held);
  return value;
}

async function runAppend<TValue>(
  parts: HubParts,
  options: TransactionOptions,
  write: (session: AppendSession) => TValue,
): Promise<TValue> {
  const { session, end } = createAppendSession(parts, options);
  const value = write(session);
  const { batch, held } = end();
  if (batch.length === 0) return value;
  const refusal = await parts.driver.append(batch);
  if (refusal !== undefined) {
    const { index, changes, constraint } = refusal;
    throw raiseStore("store.conflict", {
      params: { index, changes, ...(constraint === undefined ? {} : { constraint }) },
      internal: batch[index]?.sql ?? "",
    });
  }
  tell(parts, held);
  return value;
}

function tell(parts: HubParts, held: Held): void {
  if (held.changes) parts.driver.notify(CHANGES_CHANNEL);
  if (held.events || held.jobs) parts.writers.committed({ events: held.events, jobs: held.jobs });
}
