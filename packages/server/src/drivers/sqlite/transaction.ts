import { clearTimeout, setTimeout } from "node:timers";
import { checkBinding, raiseStore } from "../../kernel/store/index.ts";
import type { DriverResult, DriverStatement, DriverTransaction } from "../../kernel/store/index.ts";
import { resultOf } from "./channel.ts";
import type { ThreadChannel } from "./channel.ts";
import type { ThreadStatement } from "./messages.ts";

/** Copies only what a statement shows: a Buffer cut from a pool would take its whole pool across. */
export function toThread(statement: DriverStatement): ThreadStatement {
  const parameters = statement.parameters.map((value) =>
    value instanceof Uint8Array && value.byteLength !== value.buffer.byteLength
      ? Uint8Array.prototype.slice.call(value)
      : value,
  );
  return statement.rows === undefined
    ? { sql: statement.sql, parameters }
    : { sql: statement.sql, parameters, rows: statement.rows };
}

interface HandleOptions {
  readonly channel: ThreadChannel;
  readonly member: number;
  /** Undefined for migrations: no limit. */
  readonly idleMs: number | undefined;
}

/** The handle of one interactive transaction. Standing still is limited, since the writer waits with it. */
class Handle implements DriverTransaction {
  readonly #options: HandleOptions;
  readonly #revoked = Promise.withResolvers<never>();
  #idle: NodeJS.Timeout | undefined;
  #outstanding = 0;
  #fault: unknown;
  #isRevoked = false;

  constructor(options: HandleOptions) {
    this.#options = options;
    this.#revoked.promise.catch(() => undefined);
    this.#watch();
  }

  async execute(statement: DriverStatement): Promise<DriverResult> {
    if (this.#isRevoked) throw raiseStore("store.revoked", { internal: statement.sql });
    if (this.#fault !== undefined) throw this.#fault;
    this.#outstanding += 1;
    clearTimeout(this.#idle);
    try {
      checkBinding("sqlite", statement);
      const { channel, member } = this.#options;
      const answer = await channel.requestNow({
        kind: "step",
        id: channel.nextId(),
        member,
        statement: toThread(statement),
      });
      return expectRows(statement, resultOf(answer));
    } catch (error) {
      // As on PostgreSQL, a transaction with a failed statement cannot go on.
      this.#fault ??= error;
      throw error;
    } finally {
      this.#outstanding -= 1;
      this.#watch();
    }
  }

  /** Runs the function; rejects when it stood still too long or when any of its statements failed. */
  async run<TValue>(run: (tx: DriverTransaction) => Promise<TValue>): Promise<TValue> {
    try {
      const value = await Promise.race([run(this), this.#revoked.promise]);
      if (this.#outstanding > 0) throw raiseStore("store.revoked", { internal: "not awaited" });
      if (this.#fault !== undefined) throw this.#fault;
      return value;
    } finally {
      this.#isRevoked = true;
      clearTimeout(this.#idle);
    }
  }

  #watch(): void {
    const { idleMs } = this.#options;
    if (idleMs === undefined || this.#isRevoked || this.#outstanding > 0) return;
    this.#idle = setTimeout(() => {
      this.#isRevoked = true;
      const internal = `no statement for ${idleMs} ms`;
      this.#revoked.reject(raiseStore("store.revoked", { internal }));
    }, idleMs);
  }
}

/** Holds a statement to the number of rows it was meant to change. */
export function expectRows(statement: DriverStatement, result: DriverResult): DriverResult {
  if (statement.rows === undefined || statement.rows === result.changes) return result;
  const { changes } = result;
  throw raiseStore("store.conflict", {
    params: { changes },
    internal: `${statement.rows} rows expected: ${statement.sql}`,
  });
}

interface RunOptions {
  readonly channel: ThreadChannel;
  readonly exclusive: boolean;
  readonly idleMs: number | undefined;
}

/**
 * Runs a function as one member of the writer's group. Its value or its own error is told only when the group is
 * durable: until then it may rest on rows of a neighbour that never come true.
 */
export async function runTransaction<TValue>(
  options: RunOptions,
  run: (tx: DriverTransaction) => Promise<TValue>,
): Promise<TValue> {
  const { channel, exclusive } = options;
  const member = channel.nextId();
  let outcome: Promise<PromiseSettledResult<TValue>> | undefined;
  const settled = channel.request({ kind: "begin", id: member, exclusive }, () => {
    const handle = new Handle({ channel, member, idleMs: options.idleMs });
    outcome = handle.run(run).then(
      (value) => ({ status: "fulfilled", value }),
      (reason: unknown) => ({ status: "rejected", reason }),
    );
    void outcome.then(({ status }) =>
      channel.urge({ kind: "end", member, keep: status === "fulfilled" }),
    );
  });
  await settled;
  const ended = await outcome;
  if (ended === undefined) throw raiseStore("store.unavailable", { internal: "never begun" });
  if (ended.status === "rejected") throw ended.reason;
  return ended.value;
}
