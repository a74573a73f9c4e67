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
  const { clock, leaseMs } = options;
  const bell = createBell(clock);
  let heartbeatAt = clock.monotonic() + leaseMs / 3;
  let fillAt = clock.monotonic() + FILL_MS;
  let keptUntil = (await options.driver.now()) + leaseMs;
  const stepMs = Math.min(EXPIRED_MS, leaseMs / 3);
  while (!signal.aborted) {
    await bell.wait(stepMs, signal);
    const name = owner();
    if (signal.aborted || name === undefined) continue;
    try {
      if (clock.monotonic() >= heartbeatAt) {
        keptUntil = await keepLeases(options, name);
        heartbeatAt = clock.monotonic() + leaseMs / 3;
      }
      await recoverExpired(options, keptUntil);
      if (clock.monotonic() >= fillAt) {
        await fillAll(options.admission);
        fillAt = clock.monotonic() + FILL_MS;
      }
    } catch (error) {
      options.logger.warn({ error }, "Leases of jobs could not be kept; trying again.");
    }
  }
}

/**
 * Extends the leases and ends runs whose job has been taken or cancelled. Answers until when whatever this process runs,
 * or is about to run, has a lease.
 */
export async function keepLeases(
  { driver, statements, engine, leaseMs }: UpkeepOptions,
  owner: string,
): Promise<number> {
  const now = await driver.now();
  const keptUntil = Math.min(now, engine.claimingSince ?? now) + leaseMs;
  const before = engine.running;
  if (before.length === 0) return keptUntil;
  const { rows } = await driver.transaction((tx) =>
    tx.execute({
      sql: statements.heartbeat,
      parameters: [now + leaseMs, owner, JSON.stringify(before.map((job) => job.n))],
    }),
  );
  const held = new Map(rows.map((row) => [Number(row["n"]), Number(row["token"])]));
  const known = new Set(before.map((job) => job.n));
  engine.abort("lost", (job) => known.has(job.n) && held.get(job.n) !== job.token);
  return keptUntil;
}

/** A process that stood still, or whose clock jumped, must not take from itself what it runs: it counts to `keptUntil`. */
async function recoverExpired(options: UpkeepOptions, keptUntil: number): Promise<void> {
  const { driver, statements } = options;
  const whose = [Math.min(await driver.now(), keptUntil)];
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
