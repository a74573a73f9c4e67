import { randomInt } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type { Pool, PoolClient } from "pg";
import type { Problem } from "../../base/index.ts";
import { TransactionHandle } from "../../kernel/store/index.ts";
import type { DriverTransaction } from "../../kernel/store/index.ts";
import type { Committer } from "./commit.ts";
import { giveBack, isRetried, runStatement, runText, takeClient, toProblem } from "./connection.ts";

const TRIES = 6;

/** Where and how a transaction runs. */
export interface RunOptions {
  readonly pool: Pool;
  readonly committer: Committer;
  readonly idleMs: number;
}

/** Runs a function in a transaction; again, after a short wait, when it lost a race (40001, 40P01). */
export async function runTransaction<TValue>(
  options: RunOptions,
  run: (tx: DriverTransaction) => Promise<TValue>,
): Promise<TValue> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptOnce(options, run);
    } catch (error) {
      if (attempt === TRIES || !isRetried(error)) throw error;
      await setTimeout(jittered(attempt));
    }
  }
}

/** Milliseconds to wait before the next try: doubling, with chance so that two losers do not meet again. */
export function jittered(attempt: number): number {
  return randomInt(5 * 2 ** attempt);
}

async function attemptOnce<TValue>(
  { pool, committer, idleMs }: RunOptions,
  run: (tx: DriverTransaction) => Promise<TValue>,
): Promise<TValue> {
  const client = await takeClient(pool);
  let broken: Problem | undefined;
  try {
    const begun = await committer.begin(client);
    const handle = new TransactionHandle({
      dialect: "postgres",
      idleMs,
      execute: (statement) => runStatement(client, statement),
    });
    const value = await handle.run(run);
    await committer.commit(client, begun);
    return value;
  } catch (error) {
    broken = await rollBack(client);
    throw error;
  } finally {
    giveBack(client, broken);
  }
}

/** Rolls back; what it returns tells that the connection is not to be used again. */
export async function rollBack(client: PoolClient): Promise<Problem | undefined> {
  try {
    await runText(client, "rollback");
    return undefined;
  } catch (error) {
    return toProblem(error);
  }
}
