import type { Clock } from "../../base/index.ts";
import type { Logger } from "../contract/index.ts";
import { createBell } from "../log/index.ts";
import type { Driver } from "../store/index.ts";
import { fillAll } from "./admit.ts";
import type { Admission } from "./admit.ts";
import type { Engine } from "./engine.ts";
import { recover } from "./recover.ts";
import type { JobStatements } from "./statements.ts";
import type { SqlValue } from "../contract/index.ts";

const EXPIRED_MS = 1_000;
const FILL_MS = 30_000;

/** What upkeep needs. */
export interface UpkeepOptions {
  readonly driver: Driver;
  readonly statements: JobStatements;
  readonly admission: Admission;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly leaseMs: number;
  readonly crashesMax: number;
}

/** Keeps this process's leases, and takes the jobs of those that lost theirs. Runs until the signal. */
export async function runUpkeep(
  options: UpkeepOptions,
  owner: () => string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = options;
  const bell = createBell(clock);
  let heartbeatAt = clock.monotonic() + options.leaseMs / 3;
  let fillAt = clock.monotonic() + FILL_MS;
  const stepMs = Math.min(EXPIRED_MS, options.leaseMs / 3);
  while (!signal.aborted) {
    await bell.wait(stepMs, signal);
    const name = owner();
    if (signal.aborted || name === undefined) continue;
    try {
      if (clock.monotonic() >= heartbeatAt) {
        await keepLeases(options, name);
        heartbeatAt = clock.monotonic() + options.leaseMs / 3;
      }
      // After the heartbeat: what this process runs has a lease, however long it stood still.
      await recoverExpired(options);
      if (clock.monotonic() >= fillAt) {
        await fillAll(options.admission);
        fillAt = clock.monotonic() + FILL_MS;
      }
    } catch (error) {
      options.logger.warn({ error }, "Leases of jobs could not be kept; trying again.");
    }
  }
}

/** Extends the leases and ends runs whose job has been taken or cancelled. */
export async function keepLeases(
  { driver, statements, engine, leaseMs }: UpkeepOptions,
  owner: string,
): Promise<void> {
  const before = engine.running;
  if (before.length === 0) return;
  const now = await driver.now();
  const { rows } = await driver.transaction((tx) =>
    tx.execute({
      sql: statements.heartbeat,
      parameters: [now + leaseMs, owner, JSON.stringify(before.map((job) => job.n))],
    }),
  );
  const held = new Map(rows.map((row) => [Number(row["n"]), Number(row["token"])]));
  const known = new Set(before.map((job) => job.n));
  engine.abort("lost", (job) => known.has(job.n) && held.get(job.n) !== job.token);
}

async function recoverExpired(options: UpkeepOptions): Promise<void> {
  const { driver, statements } = options;
  const whose = [await driver.now()];
  const found = await driver.query({ sql: statements.expired, parameters: whose });
  if (found.rows.length > 0) await takeBack(options, statements.recoverExpired, whose);
}

/** Recovers jobs of others and gives the slots that a dead process left empty to those who wait. */
export async function takeBack(
  options: UpkeepOptions,
  statement: string,
  whose: readonly SqlValue[],
): Promise<void> {
  const { driver, engine, crashesMax, logger } = options;
  const now = await driver.now();
  const count = await recover(driver, statement, { now, crashesMax, whose });
  if (count > 0) logger.warn({ count }, "Jobs of a process that ended were taken back.");
  await fillAll(options.admission);
  engine.bell.ring();
}
