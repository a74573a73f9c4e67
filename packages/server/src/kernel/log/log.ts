import type { Clock } from "../../base/index.ts";
import type {
  Failure,
  Log,
  LogEvent,
  Logger,
  ParkedEvent,
  ParkedQuery,
  Redriven,
  RetentionPolicy,
} from "../contract/index.ts";
import type { StoreHub } from "../store/index.ts";
import { createBell } from "./bell.ts";
import type { Bell } from "./bell.ts";
import { consumerId, handleIn, originOf, runConsumer } from "./consumer.ts";
import type { ConsumerDefinition } from "./consumer.ts";
import { countEvents } from "./count.ts";
import { drainConsumers } from "./drain.ts";
import { raiseLog } from "./errors.ts";
import { errorText, listParked, noteFailure, unpark } from "./parked.ts";
import { createReader } from "./query.ts";
import type { LogReader } from "./query.ts";
import { runRetention, sweepEvents } from "./retention.ts";
import { runSequencer, SEQUENCED } from "./sequencer.ts";
import { createTails } from "./tails.ts";
import type { Tails } from "./tails.ts";

/** What the log needs. */
export interface LogOptions {
  readonly hub: StoreHub;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of events that were parked. */
  readonly failed?: (failure: Failure) => void;
}

/** The log as the kernel holds it: plugins see {@link Log}. */
export interface RunningLog extends Log {
  /** Begins to sequence (PostgreSQL), to tail and to consume. Consumers registered before are in place when it settles. */
  start(): Promise<void>;
  /** Ends after the batches under way; steps down from every election. */
  stop(): Promise<void>;
  /** Adds a consumer; new ones start at the end of the log. Several processes may: one of them runs it. */
  registerConsumer(definition: ConsumerDefinition): Promise<void>;
  /** For `Writers.committed`: events were written by this process. A hint. */
  wake(): void;
  /** Looks at the whole log once and deletes what the policy lets go; answers how many. */
  sweep(policy: RetentionPolicy): Promise<number>;
}

interface State {
  readonly options: LogOptions;
  readonly reader: LogReader;
  /** Of the loops that read. */
  readonly bells: Set<Bell>;
  /** Of those who wait for the loops. */
  readonly waiting: Set<Bell>;
  readonly consumers: Map<string, ConsumerDefinition>;
  readonly stops: (() => Promise<void>)[];
  tails: Tails | undefined;
  /** What is in force of the policy by which events are deleted; undefined: none ever is. */
  policy: RetentionPolicy | undefined;
  /** Tails asked for before the start. */
  readonly early: (() => void)[];
}

/**
 * Makes the log's readers over the store. Nothing runs before `start`.
 *
 * @example
 * const log = createLog({ hub, clock, logger });
 * await log.registerConsumer({ owner: "notes", name: "user.deleted", types: ["user.deleted"], handle });
 * await log.start();
 */
export function createLog(options: LogOptions): RunningLog {
  const state: State = {
    options,
    reader: createReader(options.hub.driver),
    bells: new Set(),
    waiting: new Set(),
    consumers: new Map(),
    stops: [],
    tails: undefined,
    policy: undefined,
    early: [],
  };
  return {
    tail: (types, listen) => addTail(state, types, listen),
    find: (organization, id) => state.reader.find(organization, id),
    page: (query) => state.reader.page(query),
    count: async (query) => {
      const counts = await countEvents(options.hub.driver, query);
      return counts && { ...counts, ...keptSince(state, query.type) };
    },
    drained: () => drain(state),
    start: () => start(state),
    stop: () => stop(state),
    registerConsumer: (definition) => register(state, definition),
    wake: () => ring(state),
    parked: (query) => listParked(options.hub, query),
    retain: (policy) => retain(state, policy),
    sweep: (policy) => sweep(state, policy),
    redrive: (query) => redrive(state, query),
  };
}

function newBell(state: State): Bell {
  const bell = createBell(state.options.clock);
  state.bells.add(bell);
  return bell;
}

function ring(state: State): void {
  for (const bell of state.bells) bell.ring();
}

function tellMoved(state: State): void {
  for (const bell of state.waiting) bell.ring();
}

async function drain(state: State): Promise<void> {
  const bell = createBell(state.options.clock);
  state.waiting.add(bell);
  ring(state);
  try {
    await drainConsumers({ ...state, driver: state.options.hub.driver, bell });
  } finally {
    state.waiting.delete(bell);
  }
}

async function start(state: State): Promise<void> {
  const { driver } = state.options.hub;
  const ignore = driver.onNotify(SEQUENCED, () => ring(state));
  state.stops.push(() => Promise.resolve(ignore()));
  if (driver.dialect === "postgres") {
    const bell = newBell(state);
    const sequenced = (): void => {
      ring(state);
      tellMoved(state);
    };
    const options = { ...state.options, driver, bell, sequenced };
    state.stops.push(
      driver.elect("log.sequencer", { run: (signal) => runSequencer(options, signal) }),
    );
  }
  for (const definition of state.consumers.values()) await startConsumer(state, definition);
  await startTails(state);
}

async function startTails(state: State): Promise<void> {
  const bell = newBell(state);
  const moved = (): void => tellMoved(state);
  const tails = createTails(
    { ...state.options, reader: state.reader, bell, moved },
    await state.reader.head(),
  );
  state.tails = tails;
  for (const add of state.early.splice(0)) add();
  const ended = new AbortController();
  const running = tails.run(ended.signal);
  state.stops.push(async () => {
    ended.abort();
    await running;
  });
}

async function stop(state: State): Promise<void> {
  await Promise.all(state.stops.splice(0).map((end) => end()));
  state.bells.clear();
  state.tails = undefined;
}

function addTail(
  state: State,
  types: readonly string[],
  listen: (event: LogEvent) => void,
): () => void {
  if (state.tails !== undefined) return state.tails.add(types, listen);
  let isWanted = true;
  let remove = (): void => {
    isWanted = false;
  };
  state.early.push(() => {
    if (isWanted && state.tails !== undefined) remove = state.tails.add(types, listen);
  });
  return () => remove();
}

async function register(state: State, definition: ConsumerDefinition): Promise<void> {
  state.consumers.set(consumerId(definition), definition);
  if (state.tails !== undefined) await startConsumer(state, definition);
}

async function startConsumer(state: State, definition: ConsumerDefinition): Promise<void> {
  const { hub } = state.options;
  const id = consumerId(definition);
  const position = definition.fromStart === true ? 0 : await state.reader.head();
  const mark = hub.driver.dialect === "sqlite" ? ["?", "?"] : ["$1", "$2"];
  await hub.driver.append([
    {
      sql: `insert into log_consumers (id, position) values (${mark.join(", ")}) on conflict (id) do nothing`,
      parameters: [id, position],
    },
  ]);
  const bell = newBell(state);
  const options = { ...state.options, reader: state.reader, bell, moved: () => tellMoved(state) };
  state.stops.push(
    hub.driver.elect(`consumer:${id}`, {
      run: (signal) => runConsumer(definition, options, signal),
    }),
  );
}

/** Takes part in the election from now on; the returned function steps down. */
function retain(state: State, policy: RetentionPolicy): () => Promise<void> {
  state.policy = policy;
  const { driver } = state.options.hub;
  const options = { ...state.options, driver, consumers: state.consumers, bell: quiet(state) };
  return driver.elect("log.retention", {
    run: (signal) => runRetention(options, policy, signal),
  });
}

/** Before this time events may have been deleted. */
function keptSince(
  { policy, options }: State,
  type: string | undefined,
): { readonly since?: number } {
  if (policy === undefined) return {};
  const keptMs = type === undefined ? policy.shortestMs : policy.keptMs(type);
  return Number.isFinite(keptMs) ? { since: options.clock.now() - keptMs } : {};
}

async function sweep(state: State, policy: RetentionPolicy): Promise<number> {
  const { driver } = state.options.hub;
  const options = { ...state.options, driver, consumers: state.consumers, bell: quiet(state) };
  return (await sweepEvents(options, policy, { from: 0 })).deleted;
}

/** A bell that nobody rings: new events do not make old ones older. */
function quiet(state: State): Bell {
  return createBell(state.options.clock);
}

async function redrive(state: State, query: ParkedQuery): Promise<Redriven> {
  let handled = 0;
  let failed = 0;
  for (const parked of await listParked(state.options.hub, query)) {
    if (await redriveOne(state, parked)) handled += 1;
    else failed += 1;
  }
  return { handled, failed };
}

async function redriveOne(state: State, parked: ParkedEvent): Promise<boolean> {
  const { hub, logger } = state.options;
  const { consumer, organization } = parked;
  const definition = state.consumers.get(consumer);
  if (definition === undefined) throw raiseLog("log.unknownConsumer", { params: { consumer } });
  const event = await state.reader.at(organization, parked.seq);
  if (event === undefined) return false;
  const transaction = { scope: { organization }, origin: originOf(event) };
  try {
    await hub.transaction(transaction, async (session) => {
      if (await unpark(session, parked)) {
        await handleIn({ session, definition, organization }, [event]);
      }
    });
    return true;
  } catch (error) {
    logger.warn({ error, consumer, event: event.id }, "A parked event failed again.");
    await hub.transaction(transaction, (session) => noteFailure(session, parked, errorText(error)));
    return false;
  }
}
