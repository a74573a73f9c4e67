import { isProblem } from "../../base/index.ts";
import type { Clock } from "../../base/index.ts";
import type { Failure, LogEvent, Logger, Read, Tables, Tx } from "../contract/index.ts";
import type { StoreHub, TxSession } from "../store/index.ts";
import type { Bell } from "./bell.ts";
import { raiseLog } from "./errors.ts";
import { parkEvent } from "./parked.ts";
import { placeholders } from "./placeholders.ts";
import type { LogReader } from "./query.ts";
import type { LogTables } from "./tables.ts";

const BATCH = 200;
const FAILURES_MAX = 5;
const FAILURES_WINDOW_MS = 60_000;
const RETRY_MS = [100, 400, 1_600, 5_000] as const;
const TROUBLE_MS = 250;
const POLL_ACTIVE_MS = 50;
const POLL_IDLE_MS = 1_000;
const SKIPPED_MAX = 10_000;
const PASSING = new Set(["store.unavailable", "store.outcomeUnknown", "log.fenced"]);

/** A reader of the log with a durable cursor, named `<owner>.<name>`. */
export interface ConsumerDefinition {
  /** The plugin or room whose tables `handle` may write. */
  readonly owner: string;
  readonly name: string;
  /** Exact types, or prefixes with `*`. */
  readonly types: readonly string[];
  /** Largest batch; 200 when left out. */
  readonly batch?: number;
  /** A consumer that is new here starts at the end of the log; with this, at its beginning. */
  readonly fromStart?: boolean;
  /**
   * Asked on committed rows before the transaction, for the events of one organization: false when none of them can have
   * a consequence here. Then no transaction is opened and only the cursor moves, durably. When in doubt, true.
   */
  concerns?(events: readonly LogEvent[], read: Read): Promise<boolean>;
  /** Called once for each organization of a batch, within the transaction that moves the cursor. May run twice. */
  handle(events: readonly LogEvent[], tx: Tx): Promise<void>;
}

/** What a running consumer needs. */
export interface ConsumerOptions {
  readonly hub: StoreHub;
  readonly reader: LogReader;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly bell: Bell;
  /** Called whenever the consumer got further, for whoever waits for it. */
  readonly moved: () => void;
  /** Told of events that were parked. */
  readonly failed?: (failure: Failure) => void;
}

interface Cursor {
  /** What the row says: where a successor would go on. */
  saved: number;
  /** How far this process has looked. */
  seen: number;
}

/** The name of a consumer's row, lock and metrics. */
export function consumerId(definition: ConsumerDefinition): string {
  return `${definition.owner}.${definition.name}`;
}

/** Reads and handles until the signal; runs in the one elected process. */
export async function runConsumer(
  definition: ConsumerDefinition,
  options: ConsumerOptions,
  signal: AbortSignal,
): Promise<void> {
  let pauseMs = POLL_ACTIVE_MS;
  let cursor: Cursor | undefined;
  while (!signal.aborted) {
    try {
      cursor ??= await readCursor(definition, options);
      const isBehind = await step({ definition, options, cursor, signal });
      pauseMs = isBehind ? POLL_ACTIVE_MS : Math.min(pauseMs * 2, POLL_IDLE_MS);
      if (!isBehind) await options.bell.wait(pauseMs, signal);
    } catch (error) {
      // Nothing of the step was stored. The row says where to go on, whoever moved it.
      cursor = undefined;
      options.logger.warn(
        { error, consumer: consumerId(definition) },
        "A consumer of the log was interrupted; it tries again.",
      );
      await options.bell.wait(TROUBLE_MS, signal);
    }
  }
  if (cursor !== undefined && cursor.seen > cursor.saved)
    await saveSkipped(definition, options, cursor);
}

async function readCursor(
  definition: ConsumerDefinition,
  { hub }: ConsumerOptions,
): Promise<Cursor> {
  const row = await hub
    .read("log", "instance")
    .db<LogTables>()
    .selectFrom("log_consumers")
    .select("position")
    .where("id", "=", consumerId(definition))
    .executeTakeFirst();
  if (row === undefined) {
    throw raiseLog("log.unknownConsumer", { params: { consumer: consumerId(definition) } });
  }
  return { saved: row.position, seen: row.position };
}

interface Step {
  readonly definition: ConsumerDefinition;
  readonly options: ConsumerOptions;
  readonly cursor: Cursor;
  readonly signal: AbortSignal;
}

/** One batch; false when there was nothing to read. */
async function step(at: Step): Promise<boolean> {
  const { definition, options, cursor } = at;
  const head = await options.reader.head();
  if (head <= cursor.seen) return false;
  const limit = definition.batch ?? BATCH;
  const events = await options.reader.between({
    after: cursor.seen,
    upTo: head,
    types: definition.types,
    limit,
  });
  const last = events.at(-1);
  const upTo = events.length < limit || last === undefined ? head : last.seq;
  if (last !== undefined) await handleBatch(at, { events, upTo });
  else await skip(at, upTo);
  options.moved();
  return true;
}

/** Nothing here was of interest. The row is written seldom: whoever reads it looks at the same nothing again. */
async function skip({ definition, options, cursor }: Step, upTo: number): Promise<void> {
  cursor.seen = upTo;
  if (cursor.seen - cursor.saved >= SKIPPED_MAX) await saveSkipped(definition, options, cursor);
}

async function saveSkipped(
  definition: ConsumerDefinition,
  { hub, logger }: ConsumerOptions,
  cursor: Cursor,
): Promise<void> {
  try {
    await hub.transaction({ scope: "instance", origin: KERNEL_ORIGIN }, (session) =>
      moveCursor(session, { id: consumerId(definition), from: cursor.saved, to: cursor.seen }),
    );
    cursor.saved = cursor.seen;
  } catch (error) {
    logger.debug(
      { error },
      "A consumer's cursor was not saved; it will look at some events again.",
    );
  }
}

const KERNEL_ORIGIN = { cause: "log", trace: "0".repeat(32), actor: "portico" };

interface Batch {
  readonly events: readonly LogEvent[];
  readonly upTo: number;
}

async function handleBatch(at: Step, batch: Batch): Promise<void> {
  try {
    await ((await isConcerned(at, batch.events)) ? commit(at, batch) : moveOn(at, batch.upTo));
  } catch (error) {
    if (isPassing(error)) throw error;
    at.options.logger.debug({ error }, "A batch failed; its events are handled one by one.");
    for (const event of batch.events) {
      if (at.signal.aborted) return;
      await handleOne(at, event);
    }
  }
}

/** Handles one event until it succeeds or is parked: then the others need not wait for it any longer. */
async function handleOne(at: Step, event: LogEvent): Promise<void> {
  const { definition, options, cursor } = at;
  let failures: number[] = [];
  for (let attempt = 0; !at.signal.aborted; attempt += 1) {
    try {
      return await commit(at, { events: [event], upTo: event.seq });
    } catch (error) {
      if (isPassing(error)) throw error;
      const now = options.clock.monotonic();
      failures = [...failures.filter((failedAt) => now - failedAt < FAILURES_WINDOW_MS), now];
      if (failures.length >= FAILURES_MAX) {
        await hubPark(at, { event, error });
        cursor.saved = cursor.seen = event.seq;
        return;
      }
      options.logger.debug({ error, consumer: consumerId(definition), event: event.id }, "failed");
      await pause(at, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? TROUBLE_MS);
    }
  }
}

/** Waits the whole time: new events do not make a failing one more likely to succeed. */
function pause({ options, signal }: Step, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel();
      signal.removeEventListener("abort", end);
      resolve();
    };
    const cancel = options.clock.after(ms, end);
    signal.addEventListener("abort", end, { once: true });
  });
}

async function hubPark(
  { definition, options, cursor }: Step,
  failed: { readonly event: LogEvent; readonly error: unknown },
): Promise<void> {
  const id = consumerId(definition);
  const { event, error } = failed;
  options.logger.error(
    { error, consumer: id, event: event.id, type: event.type },
    "An event could not be handled and was parked; its consumer goes on.",
  );
  await options.hub.transaction({ scope: "instance", origin: originOf(event) }, async (session) => {
    await moveCursor(session, { id, from: cursor.saved, to: event.seq });
    await parkEvent(session, { consumer: id, event, error, failures: FAILURES_MAX });
  });
  options.failed?.({
    kind: "plugin",
    organization: event.organization,
    place: id,
    code: isProblem(error) ? error.code : null,
    error,
    subject: event.actor,
    trace: event.trace,
    id: event.id,
    at: options.clock.now(),
  });
}

async function isConcerned(
  { definition, options }: Step,
  events: readonly LogEvent[],
): Promise<boolean> {
  if (definition.concerns === undefined) return true;
  for (const [organization, own] of byOrganization(events)) {
    const read = options.hub.read(definition.owner, { organization });
    if (await definition.concerns(own, read)) return true;
  }
  return false;
}

/** Moves the cursor alone, and durably: what was found to concern nobody is not judged again by later rows. */
async function moveOn({ definition, options, cursor }: Step, upTo: number): Promise<void> {
  const { driver } = options.hub;
  const move = placeholders(driver.dialect)(
    "update log_consumers set position = ? where id = ? and position = ?",
  );
  const refusal = await driver.append([
    { sql: move, parameters: [upTo, consumerId(definition), cursor.saved], rows: 1 },
  ]);
  if (refusal !== undefined) throw raiseLog("log.fenced");
  cursor.saved = cursor.seen = upTo;
}

/** The consequences of a batch and the cursor's move, together or not at all. */
async function commit({ definition, options, cursor }: Step, batch: Batch): Promise<void> {
  const first = batch.events[0];
  const origin = first === undefined ? KERNEL_ORIGIN : originOf(first);
  await options.hub.transaction({ scope: "instance", origin }, async (session) => {
    await moveCursor(session, {
      id: consumerId(definition),
      from: cursor.saved,
      to: batch.upTo,
    });
    for (const [organization, events] of byOrganization(batch.events)) {
      await handleIn({ session, definition, organization }, events);
    }
  });
  cursor.saved = cursor.seen = batch.upTo;
}

/** Calls `handle` for the events of one organization, with a handle bound to it. */
export async function handleIn(
  place: {
    readonly session: TxSession;
    readonly definition: ConsumerDefinition;
    readonly organization: string;
  },
  events: readonly LogEvent[],
): Promise<void> {
  const { session, definition, organization } = place;
  const first = events[0];
  if (first === undefined) return;
  const tx = session.as(definition.owner, { organization });
  await definition.handle(events, onThreadOf(tx, first));
}

/** What is emitted or enqueued hangs on the thread of the event, unless it names one itself. */
function onThreadOf(tx: Tx, event: LogEvent): Tx {
  const origin = originOf(event);
  return {
    scope: tx.scope,
    origin,
    db: <TTables extends Tables>() => tx.db<TTables>(),
    emit: (type, data, options) => tx.emit(type, data, { origin, ...options }),
    enqueue: (job, input, options) => tx.enqueue(job, input, { origin, ...options }),
    audit: (entry) => tx.audit(entry),
    changed: (kind, id) => tx.changed(kind, id),
    now: () => tx.now(),
    forUpdate: (query) => tx.forUpdate(query),
    within: (scope) => onThreadOf(tx.within(scope), event),
  };
}

/** The thread on which the consequences of an event hang. */
export function originOf(event: LogEvent): {
  readonly cause: string;
  readonly trace: string;
  readonly actor: string;
} {
  return { cause: event.id, trace: event.trace, actor: event.actor };
}

function byOrganization(events: readonly LogEvent[]): Map<string, LogEvent[]> {
  return Map.groupBy(events, (event) => event.organization);
}

/** The fence: who was replaced finds another position in the row and changes nothing. */
async function moveCursor(
  session: TxSession,
  move: { readonly id: string; readonly from: number; readonly to: number },
): Promise<void> {
  const result = await session
    .as("log", "instance")
    .db<LogTables>()
    .updateTable("log_consumers")
    .set({ position: move.to })
    .where("id", "=", move.id)
    .where("position", "=", move.from)
    .executeTakeFirst();
  if (Number(result.numUpdatedRows) !== 1) throw raiseLog("log.fenced");
}

/** Not the event's fault: the database is away, or another process has the cursor. */
function isPassing(error: unknown): boolean {
  return isProblem(error) && PASSING.has(error.code);
}
