import type { Clock } from "../../base/index.ts";
import type { Logger, RetentionPolicy, SqlRow } from "../contract/index.ts";
import type { Driver } from "../store/index.ts";
import type { Bell } from "./bell.ts";
import { consumerId } from "./consumer.ts";
import type { ConsumerDefinition } from "./consumer.ts";
import { placeholders } from "./placeholders.ts";
import { matchesType } from "./types.ts";

/** Rows of one deletion: under a millisecond of the only writer of SQLite. */
const BATCH = 200;
/** After each deletion, that many times as long as it took: others have four fifths of the writer. */
const PAUSES = 4;
const PAUSE_MIN_MS = 20;
const PASS_MS = 60_000;
/** What was still needed, or kept longer, is looked at again so often. */
const WHOLE_MS = 24 * 3_600_000;

/** What deleting old events needs. */
export interface RetentionOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bell: Bell;
  /** The consumers of this process: they are those of every process. */
  readonly consumers: ReadonlyMap<string, ConsumerDefinition>;
}

interface Candidate {
  readonly seq: number;
  readonly id: string;
  readonly organization: string;
  readonly type: string;
}

/** Deletes what the policy lets go until the signal; runs in the one elected process. */
export async function runRetention(
  options: RetentionOptions,
  policy: RetentionPolicy,
  signal: AbortSignal,
): Promise<void> {
  let looked = 0;
  let wholeAt = options.clock.monotonic();
  while (!signal.aborted) {
    try {
      if (options.clock.monotonic() - wholeAt >= WHOLE_MS) {
        looked = 0;
        wholeAt = options.clock.monotonic();
      }
      ({ looked } = await sweepEvents(options, policy, { from: looked, signal }));
    } catch (error) {
      options.logger.warn({ error }, "Old events were not deleted; it is tried again in a minute.");
    }
    await options.bell.wait(PASS_MS, signal);
  }
}

/** One pass over what is old enough, from a position on: how many were deleted, and where it ended. */
export async function sweepEvents(
  options: RetentionOptions,
  policy: RetentionPolicy,
  { from, signal }: { readonly from: number; readonly signal?: AbortSignal },
): Promise<{ readonly looked: number; readonly deleted: number }> {
  const { clock, driver } = options;
  const now = clock.now();
  let looked = from;
  let deleted = 0;
  while (signal?.aborted !== true) {
    // Positions follow time closely; the last one read decides whether anything behind it may be due.
    const rows = await read(driver, looked);
    const young = rows.findIndex((row) => Number(row["at"]) >= now - policy.shortestMs);
    const old = (young < 0 ? rows : rows.slice(0, young)).filter(
      (row) => Number(row["at"]) < now - policy.keptMs(String(row["type"])),
    );
    const startedAt = clock.monotonic();
    const going = await dispensable(options, policy, old.map(candidateOf));
    if (going.length > 0) {
      await letGo(policy, going);
      await remove(driver, going);
      deleted += going.length;
    }
    looked = Number(rows.at(young < 0 ? -1 : young - 1)?.["seq"] ?? looked);
    if (young >= 0 || rows.length < BATCH) break;
    const tookMs = clock.monotonic() - startedAt;
    await options.bell.wait(Math.max(PAUSE_MIN_MS, tookMs * PAUSES), signal);
  }
  return { looked, deleted };
}

async function read(driver: Driver, after: number): Promise<readonly SqlRow[]> {
  const sql = `select seq, id, organization, type, at from log_events where seq > ? order by seq limit ${BATCH}`;
  const { rows } = await driver.query({
    sql: placeholders(driver.dialect)(sql),
    parameters: [after],
  });
  return rows;
}

function candidateOf(row: SqlRow): Candidate {
  return {
    seq: Number(row["seq"]),
    id: String(row["id"]),
    organization: String(row["organization"]),
    type: String(row["type"]),
  };
}

/** Those that no consumer, no parked event and no plugin needs any longer. */
async function dispensable(
  { driver, consumers }: RetentionOptions,
  policy: RetentionPolicy,
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  if (candidates.length === 0) return [];
  const waiting = await waitingConsumers(driver, consumers);
  const unread = candidates.filter(
    ({ seq, type }) =>
      !waiting.some(({ position, types }) => position < seq && matchesType(types, type)),
  );
  const parked = await parkedOf(driver, unread);
  const free = unread.filter(({ id }) => !parked.has(id));
  const going: Candidate[] = [];
  for (const [organization, own] of Map.groupBy(free, (each) => each.organization)) {
    const events = own.map(({ id }) => id);
    const needed = new Set(await policy.needed({ organization, events }));
    going.push(...own.filter(({ id }) => !needed.has(id)));
  }
  return going;
}

async function waitingConsumers(
  driver: Driver,
  consumers: ReadonlyMap<string, ConsumerDefinition>,
): Promise<readonly { readonly position: number; readonly types: readonly string[] }[]> {
  const { rows } = await driver.query({
    sql: "select id, position from log_consumers",
    parameters: [],
  });
  const positions = new Map(rows.map((row) => [String(row["id"]), Number(row["position"])]));
  return [...consumers.values()].map((definition) => ({
    // One without a row has not begun, and begins at the end of the log unless it says otherwise.
    position:
      positions.get(consumerId(definition)) ?? (definition.fromStart === true ? 0 : Infinity),
    types: definition.types,
  }));
}

async function parkedOf(
  driver: Driver,
  candidates: readonly Candidate[],
): Promise<ReadonlySet<string>> {
  if (candidates.length === 0) return new Set();
  const { rows } = await driver.query({
    sql: placeholders(driver.dialect)(
      `select event from log_parked where organization in (${marks(candidates)}) and seq in (${marks(candidates)})`,
    ),
    parameters: [
      ...candidates.map(({ organization }) => organization),
      ...candidates.map(({ seq }) => seq),
    ],
  });
  return new Set(rows.map((row) => String(row["event"])));
}

/** Before the events themselves: whoever is told of an event that is there still can be told again. */
async function letGo(policy: RetentionPolicy, going: readonly Candidate[]): Promise<void> {
  for (const [organization, own] of Map.groupBy(going, (each) => each.organization)) {
    await policy.letGo({ organization, events: own.map(({ id }) => id) });
  }
}

async function remove(driver: Driver, going: readonly Candidate[]): Promise<void> {
  const sql = placeholders(driver.dialect)(`delete from log_events where seq in (${marks(going)})`);
  const parameters = going.map(({ seq }) => seq);
  await driver.transaction((tx) => tx.execute({ sql, parameters }));
}

function marks(list: readonly unknown[]): string {
  return list.map(() => "?").join(", ");
}
