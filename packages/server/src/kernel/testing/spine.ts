import { fillRandom, idMaker, systemClock } from "../../base/index.ts";
import type { Clock, MakeId } from "../../base/index.ts";
import { auditSchema, createAuditor, createAuditWriter } from "../audit/index.ts";
import type { Auditor } from "../audit/index.ts";
import type { JobDefinition, Logger, Meter, Origin, PluginContext } from "../contract/index.ts";
import { createEnqueuer, createJobRegistry, createJobs, jobsSchema } from "../jobs/index.ts";
import type { JobsEngine, JobsOptions } from "../jobs/index.ts";
import { createEmitter, createLog, logSchema } from "../log/index.ts";
import type { RunningLog } from "../log/index.ts";
import { createSchedules, schedulesSchema, scheduleSequels } from "../schedules/index.ts";
import type { RunningSchedules } from "../schedules/index.ts";
import { createSecrets, openKeyring } from "../secrets/index.ts";
import { createStoreHub } from "../store/index.ts";
import type { Driver, SchemaOwner, StoreHub } from "../store/index.ts";
import type { OpenTestDatabase } from "./describe-store.ts";
import { openTestDatabase } from "./test-database.ts";
import type { TestDatabase } from "./test-database.ts";

/** The notes of the suites' own plugin: what consequences are written into. */
export interface NotesTables {
  notes_note: { organization: string; id: string; text: string };
}

const notesSchema: SchemaOwner = {
  id: "notes",
  tables: { notes_note: "organization" },
  migrations: [
    {
      id: "0001-create-notes",
      up: async ({ db, type }) => {
        await db.schema
          .createTable("notes_note")
          .addColumn("organization", type.text, (column) => column.notNull())
          .addColumn("id", type.text, (column) => column.notNull())
          .addColumn("text", type.text, (column) => column.notNull())
          .addPrimaryKeyConstraint("notes_note_pk", ["organization", "id"])
          .execute();
      },
    },
  ],
};

/** Log, jobs and audit of one process over one driver; nothing is started. */
export interface TestSpine {
  readonly hub: StoreHub;
  readonly log: RunningLog;
  readonly jobs: JobsEngine;
  readonly schedules: RunningSchedules;
  readonly auditor: Auditor;
  readonly makeId: MakeId;
  readonly database: TestDatabase;
  /** Adds a job of the plugin `notes`. */
  addJob(name: string, definition: JobDefinition): void;
  /** Another process on the same database; on SQLite, which has one, another set of rooms over the same driver. */
  another(options?: SpineOptions): Promise<TestSpine>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What may differ from one spine to the next. */
export interface SpineOptions {
  readonly clock?: Clock;
  readonly jobs?: Pick<JobsOptions, "concurrency" | "crashesMax" | "leaseMs" | "random">;
  readonly runTwice?: boolean;
  /** Where its ids come from; the machine's chance when left out. */
  readonly fill?: (bytes: Uint8Array) => void;
}

/** A thread for writes that no request caused. */
export const testOrigin: Origin = {
  cause: "req_test",
  trace: "0123456789abcdef0123456789abcdef",
  actor: "tester",
};

/** A clock whose timers fall due `factor` times earlier than asked: retries without their waits. */
export function hastyClock(factor: number): Clock {
  return { ...systemClock, after: (ms, run) => systemClock.after(ms / factor, run) };
}

/** Opens a database and puts the rooms together over it. */
export async function openSpine(
  open: OpenTestDatabase,
  options: SpineOptions = {},
): Promise<TestSpine> {
  const owners = [logSchema, jobsSchema, schedulesSchema, auditSchema, notesSchema];
  const database = await open({ owners });
  const spine = spineOver(database, database.driver, options);
  const spines: TestSpine[] = [spine];
  const another = async (given: SpineOptions = options): Promise<TestSpine> => {
    const isOne = database.driver.dialect === "sqlite";
    const driver = isOne ? database.driver : await database.openAnother();
    const next = { ...spineOver(database, driver, given), another };
    spines.push(next);
    return next;
  };
  return {
    ...spine,
    another,
    [Symbol.asyncDispose]: async () => {
      for (const each of spines.toReversed()) await each[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** A database in memory for simulations: one for many worlds, each of which leaves it empty. */
export function openSimulationDatabase(): Promise<TestDatabase> {
  const owners = [logSchema, jobsSchema, schedulesSchema, auditSchema, notesSchema];
  return openTestDatabase("memory", { owners });
}

/** The rooms of one process over a database that is open. */
export function spineOver(
  database: TestDatabase,
  driver: Driver,
  options: SpineOptions,
): TestSpine {
  const { clock = systemClock, fill = fillRandom } = options;
  const makeId = idMaker({ now: clock.now, fill });
  const registry = createJobRegistry();
  const { dialect } = driver;
  const wake = { log: (): void => {}, jobs: (): void => {} };
  const hub = createStoreHub({
    driver,
    owners: [logSchema, jobsSchema, schedulesSchema, auditSchema, notesSchema],
    clock,
    runTwice: options.runTwice ?? false,
    writers: {
      emit: createEmitter({ dialect, clock, makeId }),
      enqueue: createEnqueuer({ driver, clock, makeId, registry }),
      audit: createAuditWriter({ dialect, clock, makeId }),
      committed: (held) => {
        if (held.events) wake.log();
        if (held.jobs) wake.jobs();
      },
    },
  });
  const rooms = { hub, clock, logger: silentLogger };
  const log = createLog(rooms);
  const causeType = async (organization: string, id: string): Promise<string | undefined> =>
    (await log.find(organization, id))?.type;
  const jobs = createJobs({
    ...rooms,
    registry,
    makeId,
    meter: silentMeter,
    sequels: { causeType, ...scheduleSequels(hub) },
    ...options.jobs,
  });
  const schedules = createSchedules({ ...rooms, registry, makeId, fillRandom: fill });
  const secrets = createSecrets(testKeyring);
  const auditor = createAuditor({ ...rooms, secrets });
  wake.log = () => log.wake();
  wake.jobs = () => jobs.wake();
  return {
    hub,
    log,
    jobs,
    schedules,
    auditor,
    makeId,
    database,
    addJob: (name, definition) =>
      registry.add({ plugin: "notes", name, definition, ctx: () => ({}) as PluginContext }),
    another: () => Promise.reject(new Error("asked of the first one only")),
    [Symbol.asyncDispose]: async () => {
      await schedules.stop();
      await jobs.stop({ graceMs: 0 });
      await log.stop();
      await auditor.stop();
    },
  };
}

/** One for all spines of a run: several of them may stand for processes on one database. */
const testKeyring = openKeyring({ memory: true });

const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };

const silentMeter: Meter = {
  counter: () => ({ add: ignore }),
  histogram: () => ({ observe: ignore }),
  gauge: ignore,
};

function ignore(): void {}

/** Settles when the claim is true; the test's own time limit is the only one. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) {
    await new Promise<void>((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

/** A promise with its resolver, to hold a run at a place. */
export function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { passed: promise, open: () => resolve() };
}

/** Emits one event in a batch of its own. */
export function emitOne(
  spine: TestSpine,
  type: string,
  data: unknown = {},
  options: Parameters<ReturnType<StoreHub["for"]>["append"]>[0]["scope"] = { organization: "acme" },
): Promise<string> {
  return spine.hub.append({ scope: options, origin: testOrigin }, (session) =>
    session.as("notes").emit(type, data),
  );
}

/** The texts of an organization's notes. */
export async function notesOf(spine: TestSpine, organization = "acme"): Promise<readonly string[]> {
  const rows = await spine.hub
    .read("notes", { organization })
    .db<NotesTables>()
    .selectFrom("notes_note")
    .select("text")
    .orderBy("text")
    .execute();
  return rows.map((row) => row.text);
}
