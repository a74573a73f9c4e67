import { raiseStore, TransactionHandle } from "../../kernel/store/index.ts";
import type { DriverStatement, DriverTransaction } from "../../kernel/store/index.ts";
import { resultOf } from "./channel.ts";
import type { ThreadChannel } from "./channel.ts";
import type { ThreadStatement } from "./messages.ts";

/** Copies only what a statement shows: a Buffer cut from a pool would take its whole pool across. */
export function toThread(statement: DriverStatement): ThreadStatement {
  const parameters = statement.parameters.map((value) =>
    value instanceof Uint8Array && value.byteLength !== value.buffer.byteLength
      ? Uint8Array.from(value)
      : value,
  );
  return statement.rows === undefined
    ? { sql: statement.sql, parameters }
    : { sql: statement.sql, parameters, rows: statement.rows };
}

/** Where and how a transaction runs. */
export interface RunOptions {
  readonly channel: ThreadChannel;
  /** Outside the group and without a transaction of the driver's own, for migrations. */
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
  const begun = (): void => {
    outcome = runMember(options, member, run);
    void outcome.then(({ status }) =>
      channel.urge({ kind: "end", member, keep: status === "fulfilled" }),
    );
  };
  await channel.request({ kind: "begin", id: member, exclusive }, begun);
  const ended = await outcome;
  if (ended === undefined) throw raiseStore("store.unavailable", { internal: "never begun" });
  if (ended.status === "rejected") throw ended.reason;
  return ended.value;
}

function runMember<TValue>(
  { channel, idleMs }: RunOptions,
  member: number,
  run: (tx: DriverTransaction) => Promise<TValue>,
): Promise<PromiseSettledResult<TValue>> {
  const handle = new TransactionHandle({
    dialect: "sqlite",
    idleMs,
    execute: async (statement) => {
      const id = channel.nextId();
      const step = { kind: "step", id, member, statement: toThread(statement) } as const;
      return resultOf(await channel.requestNow(step));
    },
  });
  return handle.run(run).then(
    (value) => ({ status: "fulfilled", value }),
    (reason: unknown) => ({ status: "rejected", reason }),
  );
}
