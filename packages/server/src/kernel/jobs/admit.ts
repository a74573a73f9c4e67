import type { SqlValue } from "../contract/index.ts";
import type { Driver, DriverTransaction } from "../store/index.ts";
import { keyOf } from "./claimed.ts";
import type { JobKey } from "./claimed.ts";
import { limitOfKey } from "./enqueue.ts";
import type { JobRegistry } from "./registry.ts";
import type { JobStatements } from "./statements.ts";

const DUE_BATCH = 500;
const KEYS_BATCH = 1_000;

/** What admission needs. */
export interface Admission {
  readonly driver: Driver;
  readonly statements: JobStatements;
  readonly registry: JobRegistry;
}

/** Whose jobs were let in. */
export interface Admitted {
  readonly isMore: boolean;
  readonly organizations: ReadonlySet<string>;
}

/**
 * Takes jobs that fell due: those without a limited key become ready; the others wait at their key, whose free slots
 * are then filled in order, together with those of keys that were freed. `isMore` when there may be more.
 */
export async function admitDue(
  admission: Admission,
  tx: DriverTransaction,
  { now, freed }: { readonly now: number; readonly freed: ReadonlyMap<string, JobKey> },
): Promise<Admitted> {
  const { statements } = admission;
  const due = await tx.execute({ sql: statements.due, parameters: [now, DUE_BATCH] });
  const ready: number[] = [];
  const waiting: number[] = [];
  const keys = new Map(freed);
  for (const row of due.rows) {
    const key = keyOf(row);
    if (key === undefined || limitOf(admission, key) === undefined) {
      ready.push(Number(row["n"]));
    } else {
      waiting.push(Number(row["n"]));
      keys.set(keyText(key), key);
    }
  }
  await mark(tx, statements.makeReady, ready);
  await mark(tx, statements.makeWaiting, waiting);
  await fillKeys(admission, tx, keys);
  return {
    isMore: due.rows.length === DUE_BATCH,
    organizations: new Set(due.rows.map((row) => String(row["organization"]))),
  };
}

/** Gives the free slots of these keys to those who wait longest. */
export async function fill(admission: Admission, keys: ReadonlyMap<string, JobKey>): Promise<void> {
  if (keys.size === 0) return;
  await admission.driver.transaction((tx) => fillKeys(admission, tx, keys));
}

/**
 * Fills every key somebody waits at: after a start or a recovery, since a process may have ended between the end of a
 * job and the filling of its slot, or a release may have changed a limit.
 */
export async function fillAll(admission: Admission): Promise<void> {
  const { driver, statements } = admission;
  let after: readonly string[] | undefined = ["", "", "", ""];
  while (after !== undefined) {
    const parameters: SqlValue[] = [...after, KEYS_BATCH];
    const { rows } = await driver.query({ sql: statements.waitingKeys, parameters });
    const found = rows.flatMap((row) => keyOf(row) ?? []);
    await fill(admission, new Map(found.map((key) => [keyText(key), key])));
    const last = found.at(-1);
    const isMore = rows.length === KEYS_BATCH && last !== undefined;
    after = isMore ? [last.organization, last.plugin, last.name, last.key] : undefined;
  }
}

/** A text that names the key: for maps, and for PostgreSQL's lock. */
export function keyText(key: JobKey): string {
  return JSON.stringify([key.organization, key.plugin, key.name, key.key]);
}

async function mark(tx: DriverTransaction, sql: string, rows: readonly number[]): Promise<void> {
  if (rows.length > 0) await tx.execute({ sql, parameters: [JSON.stringify(rows)] });
}

/** The same within a transaction under way. */
export async function fillKeys(
  admission: Admission,
  tx: DriverTransaction,
  keys: ReadonlyMap<string, JobKey>,
): Promise<void> {
  const { driver, statements } = admission;
  // In one order everywhere, so that two fillings never wait for each other.
  const inOrder = [...keys].toSorted(([left], [right]) => (left < right ? -1 : 1));
  if (driver.dialect === "postgres") {
    // Slots are counted by who holds the key's lock: nobody else can fill it from the same count.
    const locks = inOrder.map(([text]) => ({ sql: statements.lockKey, parameters: [text] }));
    await Promise.all(locks.map((lock) => tx.execute(lock)));
  }
  const fills = inOrder.flatMap(([, key]) => {
    // Without the definition here the limit is unknown: a process that has it will fill.
    const limit = limitOf(admission, key);
    const place = [key.organization, key.plugin, key.name, key.key];
    return limit === undefined ? [] : [[...place, limit, limit, ...place]];
  });
  // In that order, but one way to the database for all.
  await Promise.all(fills.map((parameters) => tx.execute({ sql: statements.fill, parameters })));
}

function limitOf({ registry }: Admission, key: JobKey): number | undefined {
  return limitOfKey(key.key, registry.find(key.plugin, key.name)?.definition);
}
