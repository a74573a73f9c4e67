import type { Clock, MakeId } from "../../base/index.ts";
import { auditSchema, createAuditor, createAuditWriter, type Auditor } from "../audit/index.ts";
import type { AnyPlugin, Failure, Logger, Meter, Secrets } from "../contract/index.ts";
import { httpSchema } from "../http/index.ts";
import {
  createEnqueuer,
  createJobRegistry,
  createJobs,
  jobsSchema,
  type JobRegistry,
  TAKEN,
  type JobsEngine,
} from "../jobs/index.ts";
import { createEmitter, createLog, logSchema, type RunningLog } from "../log/index.ts";
import {
  createSchedules,
  schedulesSchema,
  scheduleSequels,
  type RunningSchedules,
} from "../schedules/index.ts";
import { checkKeyring, secretsSchema } from "../secrets/index.ts";
import { settingsSchema } from "../settings/index.ts";
import { tokensSchema } from "../tokens/index.ts";
import {
  createChangeFeed,
  createStoreHub,
  migrate,
  type Driver,
  type RunningChangeFeed,
  type SchemaOwner,
  type StoreHub,
} from "../store/index.ts";

/** What the spine stands on. */
export interface SpineOptions {
  readonly driver: Driver;
  readonly plugins: readonly AnyPlugin[];
  readonly clock: Clock;
  readonly makeId: MakeId;
  readonly fillRandom: (bytes: Uint8Array) => void;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly secrets: Secrets;
  /** Of the keys of the ring, by number. */
  readonly fingerprints: Readonly<Record<number, string>>;
  readonly version: string;
  /** Told of jobs and reactions that fail. */
  readonly failed: (failure: Failure) => void;
  /** The test kit's way: every transaction function runs twice. */
  readonly runTwice?: boolean;
}

/** Store, log, jobs and audit of one process, wired to each other; nothing of it runs yet. */
export interface Spine {
  readonly hub: StoreHub;
  readonly log: RunningLog;
  readonly jobs: JobsEngine;
  readonly schedules: RunningSchedules;
  readonly registry: JobRegistry;
  readonly changes: RunningChangeFeed;
  readonly auditor: Auditor;
}

/** Everybody who has tables: the kernel's rooms first, then the plugins in their order. */
export function schemaOwners(plugins: readonly AnyPlugin[]): readonly SchemaOwner[] {
  return [
    secretsSchema,
    logSchema,
    jobsSchema,
    schedulesSchema,
    auditSchema,
    httpSchema,
    tokensSchema,
    settingsSchema,
    ...plugins,
  ];
}

/**
 * Migrates the database and builds what every pillar writes through. A transaction's emits, enqueues and audit notes
 * become statements of that transaction here: the store itself knows no table but its own.
 */
export async function createSpine(options: SpineOptions): Promise<Spine> {
  const { driver, clock, makeId, logger, meter } = options;
  const owners = schemaOwners(options.plugins);
  await migrate({ driver, owners, version: options.version, clock });
  await checkKeyring(driver, options.fingerprints);
  const registry = createJobRegistry();
  const { dialect } = driver;
  const wake: { log?: () => void; jobs?: () => void } = {};
  const hub = createStoreHub({
    driver,
    owners,
    clock,
    runTwice: options.runTwice ?? false,
    writers: {
      emit: createEmitter({ dialect, clock, makeId }),
      enqueue: createEnqueuer({ driver, clock, makeId, registry }),
      audit: createAuditWriter({ dialect, clock, makeId }),
      committed: ({ events, jobs }) => {
        if (events) wake.log?.();
        if (jobs) wake.jobs?.();
      },
    },
  });
  const { failed } = options;
  const log = createLog({ hub, clock, logger, failed });
  const causeType = async (organization: string, id: string): Promise<string | undefined> =>
    (await log.find(organization, id))?.type;
  const sequels = { causeType, ...scheduleSequels(hub) };
  const jobs = createJobs({ hub, registry, clock, logger, meter, makeId, failed, sequels });
  const { fillRandom } = options;
  const schedules = createSchedules({ hub, registry, clock, logger, makeId, fillRandom });
  wake.log = () => {
    log.wake();
  };
  wake.jobs = () => {
    jobs.wake();
  };
  const auditor = createAuditor({ hub, clock, logger, secrets: options.secrets });
  const changes = await createChangeFeed({ driver, clock, logger });
  changes.watch(TAKEN, () => {
    jobs.taken().catch((error: unknown) => {
      // Their leases tell them soon after.
      logger.warn({ err: error }, "runs whose jobs were cancelled were not told at once");
    });
  });
  return { hub, log, schedules, jobs, registry, changes, auditor };
}
