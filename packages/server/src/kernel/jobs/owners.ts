import type { Clock, MakeId } from "../../base/index.ts";
import type { Logger } from "../contract/index.ts";
import { createBell, placeholders } from "../log/index.ts";
import type { Driver } from "../store/index.ts";

const LOOK_MS = 500;

/** The name under which this process holds jobs. */
export interface Ownership {
  /** Takes the name out and ends the watch over others. */
  readonly stop: () => Promise<void>;
}

/** What ownership needs. */
export interface OwnershipOptions {
  readonly driver: Driver;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly makeId: MakeId;
  /** The database session that stood for this process ended: everything it holds may be taken by others. */
  readonly lost: () => void;
  /** This process has its name: at first, and whenever it was elected anew. */
  readonly regained: (owner: string) => Promise<void>;
  /** An owner's session has ended: take what it held. */
  readonly died: (owner: string) => Promise<void>;
}

/**
 * PostgreSQL: this process takes a role that bears its own name, which the database gives back the moment its session
 * ends. One janitor stands as a candidate for the roles of all others: being elected is the news of a death.
 */
export async function takeOwnership(options: OwnershipOptions): Promise<Ownership> {
  const owner = options.makeId("own");
  const registered = Promise.withResolvers<void>();
  const leaveOwn = options.driver.elect(roleOf(owner), {
    run: async (signal) => {
      try {
        await register(options.driver, owner);
        await options.regained(owner);
        registered.resolve();
      } catch (error) {
        registered.reject(error);
        return;
      }
      await ended(signal);
      options.lost();
    },
  });
  await registered.promise;
  const leaveJanitor = options.driver.elect("jobs.janitor", {
    run: (signal) => watchOthers(options, owner, signal),
  });
  return {
    stop: async () => {
      await leaveJanitor();
      await forget(options.driver, owner);
      await leaveOwn();
    },
  };
}

async function watchOthers(
  options: OwnershipOptions,
  self: string,
  signal: AbortSignal,
): Promise<void> {
  const bell = createBell(options.clock);
  const candidacies = new Map<string, () => Promise<void>>();
  const dead = new Set<string>();
  const stand = (owner: string): void => {
    const leave = options.driver.elect(roleOf(owner), {
      run: async () => {
        dead.add(owner);
        await options.died(owner);
        await forget(options.driver, owner);
      },
    });
    candidacies.set(owner, leave);
  };
  while (!signal.aborted) {
    try {
      const owners = await readOwners(options.driver);
      for (const owner of owners) {
        if (owner !== self && !candidacies.has(owner)) stand(owner);
      }
      for (const [owner, leave] of candidacies) {
        if (owners.includes(owner) && !dead.has(owner)) continue;
        candidacies.delete(owner);
        await leave();
        dead.delete(owner);
      }
    } catch (error) {
      options.logger.warn(
        { error },
        "The other processes could not be looked after; trying again.",
      );
    }
    await bell.wait(LOOK_MS, signal);
  }
  await Promise.all([...candidacies.values()].map((leave) => leave()));
}

function roleOf(owner: string): string {
  return `jobs.owner:${owner}`;
}

async function register(driver: Driver, owner: string): Promise<void> {
  const sql = placeholders(driver.dialect)(
    `insert into jobs_owners (id, started_at) values (?, ?) on conflict (id) do nothing`,
  );
  await driver.append([{ sql, parameters: [owner, await driver.now()] }]);
}

async function forget(driver: Driver, owner: string): Promise<void> {
  const sql = placeholders(driver.dialect)(`delete from jobs_owners where id = ?`);
  await driver.append([{ sql, parameters: [owner] }]);
}

async function readOwners(driver: Driver): Promise<readonly string[]> {
  const { rows } = await driver.query({
    sql: `select id from jobs_owners order by id`,
    parameters: [],
  });
  return rows.map((row) => String(row["id"]));
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
