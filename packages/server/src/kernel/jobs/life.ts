import { randomInt } from "node:crypto";
import { createBell } from "../log/index.ts";
import { fillAll } from "./admit.ts";
import { Engine } from "./engine.ts";
import type { Ran } from "./engine.ts";
import type { JobsOptions } from "./options.ts";
import { takeOwnership } from "./owners.ts";
import { createDoneQueue } from "./settle.ts";
import type { Sequels } from "./settle.ts";
import { jobStatements } from "./statements.ts";
import type { JobStatements } from "./statements.ts";
import { keepLeases, runUpkeep, takeBack } from "./upkeep.ts";
import type { UpkeepOptions } from "./upkeep.ts";

const CONCURRENCY = 200;
const LEASE_MS = 15_000;
const CRASHES_MAX = 20;
const ABORTED_MS = 1_000;
const DRAIN_POLL_MS = 20;
const NOTIFY_PAUSE_MS = 5;

/** Hint to every process: jobs were enqueued. */
const ENQUEUED = "jobs";

/** The engine from its start to its end. */
export interface Life {
  readonly engine: Engine;
  start(): Promise<void>;
  stop(graceMs: number): Promise<void>;
  drained(): Promise<void>;
  wake(): void;
  /** Jobs were taken from their runs by somebody, here or elsewhere: aborts those runs, and gives their slots away. */
  taken(): Promise<void>;
}

interface Parts {
  readonly options: JobsOptions;
  readonly statements: JobStatements;
  readonly engine: Engine;
  readonly upkeep: UpkeepOptions;
  /** The name under which jobs are claimed; undefined while there is none. */
  owner: string | undefined;
  readonly stops: (() => Promise<void>)[];
}

/** Builds the parts; nothing runs before `start`. */
export function createLife(options: JobsOptions): Life {
  const { hub, clock, logger, registry } = options;
  const { driver } = hub;
  const statements = jobStatements(driver.dialect);
  const leaseMs = options.leaseMs ?? LEASE_MS;
  const crashesMax = options.crashesMax ?? CRASHES_MAX;
  const random = options.random ?? chance;
  const doneMany = createDoneQueue(hub, statements);
  const engine = new Engine({
    hub,
    registry,
    statements,
    clock,
    logger,
    leaseMs,
    crashesMax,
    settle: { hub, clock, logger, statements, random, doneMany, sequels: sequelsOf(options) },
    concurrency: options.concurrency ?? CONCURRENCY,
    ran: observer(options, () => engine.running.length),
    failed: options.failed ?? (() => {}),
  });
  const upkeep: UpkeepOptions = {
    driver,
    statements,
    engine,
    clock,
    logger,
    leaseMs,
    admission: { driver, statements, registry },
    crashesMax,
  };
  const parts: Parts = { options, statements, engine, upkeep, owner: undefined, stops: [] };
  const tell = createTeller(options);
  return {
    engine,
    start: () => start(parts),
    stop: (graceMs) => stop(parts, graceMs),
    drained: () => drained(parts),
    wake: () => {
      engine.bell.ring();
      tell();
    },
    taken: async () => {
      if (parts.owner === undefined) return;
      await keepLeases(upkeep, parts.owner);
      await fillAll(upkeep.admission);
      engine.bell.ring();
    },
  };
}

function sequelsOf({ sequels }: JobsOptions): Sequels {
  return {
    causeType: () => Promise.resolve(undefined),
    endOfScheduled: () => [],
    ...sequels,
  };
}

async function start(parts: Parts): Promise<void> {
  const { options, upkeep, statements, engine } = parts;
  const { driver } = options.hub;
  const ignore = driver.onNotify(ENQUEUED, () => engine.bell.ring());
  parts.stops.push(() => Promise.resolve(ignore()));
  if (driver.dialect === "sqlite") {
    // Whoever opens the data folder is alone: every other owner is dead.
    parts.owner = options.makeId("own");
    await takeBack(upkeep, statements.recoverOthers, [parts.owner]);
  } else {
    await own(parts);
    await takeBack(upkeep, statements.recoverExpired, [await driver.now()]);
  }
  const ended = new AbortController();
  const loops = Promise.all([
    engine.loop(() => parts.owner, ended.signal),
    runUpkeep(upkeep, () => parts.owner, ended.signal),
  ]);
  parts.stops.push(async () => {
    ended.abort();
    await loops;
  });
}

/** PostgreSQL: takes a name of its own; when the session that stands for it ends, drops all runs; another gives it the name again. */
async function own(parts: Parts): Promise<void> {
  const { options, upkeep, statements, engine } = parts;
  let isStopping = false;
  const ownership = await takeOwnership({
    clock: options.clock,
    logger: options.logger,
    makeId: options.makeId,
    driver: options.hub.driver,
    lost: () => {
      if (isStopping) return;
      parts.owner = undefined;
      engine.abort("lost");
    },
    regained: async (owner) => {
      // What it ran before it lost its session was dropped; nobody else may take it while the name is taken.
      await options.hub.driver.append([{ sql: statements.release, parameters: [owner] }]);
      parts.owner = owner;
      engine.bell.ring();
    },
    died: (owner) => takeBack(upkeep, statements.recoverOwner, [owner]),
  });
  parts.stops.push(() => {
    isStopping = true;
    return ownership.stop();
  });
}

async function stop(parts: Parts, graceMs: number): Promise<void> {
  const { options, engine, statements } = parts;
  const { driver } = options.hub;
  // The loops end first, ownership last: what is given back below is still ours.
  const loops = parts.stops.pop();
  await loops?.();
  await waitAtMost(options, graceMs, engine.settled());
  engine.abort("stop");
  await waitAtMost(options, ABORTED_MS, engine.settled());
  try {
    await engine.fillFreed();
    if (parts.owner !== undefined) {
      await driver.append([{ sql: statements.release, parameters: [parts.owner] }]);
    }
    for (const end of parts.stops.splice(0).toReversed()) await end();
  } catch (error) {
    // With the database away there is nothing to give back: what we hold ends with our session or lease.
    options.logger.warn({ error }, "Jobs under way were not given back at stop.");
  }
  parts.owner = undefined;
}

async function waitAtMost({ clock }: JobsOptions, ms: number, done: Promise<void>): Promise<void> {
  let cancel = (): void => {};
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.race([done, late]);
  cancel();
}

/** Nothing is running, ready, waiting or due, in this process or another. */
async function drained({ options, statements, engine }: Parts): Promise<void> {
  const bell = createBell(options.clock);
  const { driver } = options.hub;
  const stopListening = engine.onEnded(() => bell.ring());
  engine.bell.ring();
  try {
    for (;;) {
      const now = await driver.now();
      const { rows } = await driver.query({ sql: statements.unfinished, parameters: [now] });
      if (rows.length === 0 && engine.running.length === 0) return;
      await bell.wait(DRAIN_POLL_MS);
    }
  } finally {
    stopListening();
  }
}

/** Hints to other processes, at most one every few ms. */
function createTeller({ hub, clock }: JobsOptions): () => void {
  if (hub.driver.dialect === "sqlite") return () => {};
  let isPausing = false;
  return () => {
    if (isPausing) return;
    isPausing = true;
    clock.after(NOTIFY_PAUSE_MS, () => {
      isPausing = false;
      hub.driver.notify(ENQUEUED);
    });
  };
}

function observer({ meter }: JobsOptions, running: () => number): (ran: Ran) => void {
  const ended = meter.counter("jobs_ended_total", "Runs of jobs by how they ended.", [
    "plugin",
    "job",
    "outcome",
  ]);
  const duration = meter.histogram("job_duration_seconds", "How long runs of jobs took.", [
    "plugin",
    "job",
  ]);
  meter.gauge("jobs_running", "Runs of jobs under way in this process.", running);
  return ({ job, settled, durationMs }) => {
    const labels = { plugin: job.plugin, job: job.name };
    ended.add(1, { ...labels, outcome: settled });
    duration.observe(durationMs / 1_000, labels);
  };
}

/** From 0 to below 1. */
function chance(): number {
  return randomInt(2 ** 32) / 2 ** 32;
}
