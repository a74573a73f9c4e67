import type { Driver } from "../store/index.ts";
import type { Bell } from "./bell.ts";
import { consumerId } from "./consumer.ts";
import type { ConsumerDefinition } from "./consumer.ts";
import type { LogReader } from "./query.ts";
import { placeholders } from "./placeholders.ts";
import type { Tails } from "./tails.ts";

const POLL_MS = 20;

/** What draining looks at. */
export interface DrainOptions {
  readonly driver: Driver;
  readonly reader: LogReader;
  readonly consumers: ReadonlyMap<string, ConsumerDefinition>;
  readonly tails: Tails | undefined;
  /** Rung whenever a reader got further. */
  readonly bell: Bell;
}

/** Settles once every consumer's row, in whatever process it runs, is past all that was committed before the call. */
export async function drainConsumers(options: DrainOptions): Promise<void> {
  const until = async (isSo: () => Promise<boolean>): Promise<void> => {
    while (!(await isSo())) await options.bell.wait(POLL_MS);
  };
  await sequenced(options, until);
  const head = await options.reader.head();
  for (const definition of options.consumers.values()) {
    await until(() => isPast(options, definition, head));
  }
  const { tails } = options;
  if (tails !== undefined) await until(() => Promise.resolve(tails.position() >= head));
}

/** On PostgreSQL: everything committed by now has its position. */
async function sequenced(
  { driver }: DrainOptions,
  until: (isSo: () => Promise<boolean>) => Promise<void>,
): Promise<void> {
  if (driver.dialect === "sqlite") return;
  const last = await driver.query({
    sql: `select max(row_id) as last from log_events where seq is null`,
    parameters: [],
  });
  const rowId = Number(last.rows[0]?.["last"] ?? 0);
  await until(async () => {
    const open = await driver.query({
      sql: `select 1 as open from log_events where seq is null and row_id <= $1 limit 1`,
      parameters: [rowId],
    });
    return open.rows.length === 0;
  });
}

/** A row may stand before events of no interest: nothing to handle between it and the head is as good. */
async function isPast(
  { driver, reader }: DrainOptions,
  definition: ConsumerDefinition,
  head: number,
): Promise<boolean> {
  const { rows } = await driver.query({
    sql: placeholders(driver.dialect)(`select position from log_consumers where id = ?`),
    parameters: [consumerId(definition)],
  });
  const after = Number(rows[0]?.["position"] ?? 0);
  if (after >= head) return true;
  const { types } = definition;
  return (await reader.between({ after, upTo: head, types, limit: 1 })).length === 0;
}
