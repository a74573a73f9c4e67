import { isProblem, type Clock } from "../../base/index.ts";
import type { Logger } from "../contract/index.ts";
import { createBell, placeholders } from "../log/index.ts";
import type { Bell } from "../log/index.ts";
import type { Driver } from "../store/index.ts";
import { timingOf } from "./columns.ts";
import { planTicks } from "./plan.ts";
import { pauseStatement, pausedData } from "./pausing.ts";
import { tick, toSchedule } from "./tick.ts";
import type { AnySchedule, Ticking } from "./tick.ts";
import { readTiming } from "./timing.ts";

const POLL_MS = 1_000;
const TROUBLE_MS = 1_000;
const BATCH = 500;

/** What the ticker needs. */
export interface TickerOptions extends Ticking {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether this process has the definition of a job. */
  readonly knows: (plugin: string, job: string) => boolean;
}

/** Looks after the schedules of all organizations, in every process: what is due is made true by whoever comes first. */
export interface Ticker {
  start(): void;
  stop(): Promise<void>;
  /** Schedules were changed by this process. A hint. */
  wake(): void;
}

/** Makes the ticker; nothing runs before `start`. */
export function createTicker(options: TickerOptions): Ticker {
  const bell = createBell(options.clock);
  let ended = new AbortController();
  let loop: Promise<void> = Promise.resolve();
  return {
    start: () => {
      ended = new AbortController();
      loop = run(options, bell, ended.signal);
    },
    stop: async () => {
      ended.abort();
      await loop;
    },
    wake: () => bell.ring(),
  };
}

async function run(options: TickerOptions, bell: Bell, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let waitMs: number;
    try {
      waitMs = await look(options, signal);
    } catch (error) {
      options.logger.warn({ err: error }, "Schedules could not be looked after; trying again.");
      waitMs = TROUBLE_MS;
    }
    if (!signal.aborted) await bell.wait(waitMs, signal);
  }
}

/** Does what is due; how long until the next look. */
async function look(options: TickerOptions, signal: AbortSignal): Promise<number> {
  const { driver } = options.hub;
  const now = await driver.now();
  let after: Place | undefined = FIRST;
  // All of it: some stay due, such as those whose plugin is gone, and must not hide what comes after them.
  while (after !== undefined && !signal.aborted) {
    const due: readonly AnySchedule[] = await readDue(driver, now, after);
    for (const schedule of due) {
      if (signal.aborted) break;
      await lookAt(options, schedule, now).catch((error: unknown) => {
        options.logger.error({ err: error, schedule: schedule.id }, "A schedule could not tick.");
      });
    }
    const last = due.at(-1);
    after = due.length < BATCH || last === undefined ? undefined : [last.fire_at ?? 0, last.id];
  }
  const { rows } = await driver.query({
    sql: "select min(fire_at) as next_at from schedules_schedules where state = 'active'",
    parameters: [],
  });
  const next = rows[0]?.["next_at"] ?? null;
  const untilNext = next === null ? POLL_MS : Number(next) - (await driver.now());
  // One that stays due is another process's, or in trouble: no sooner than the next look.
  return untilNext <= 0 ? POLL_MS : Math.min(POLL_MS, untilNext);
}

/** Where a look goes on: after this time, and at this time after this id. */
type Place = readonly [fireAt: number, id: string];
const FIRST: Place = [-1, ""];

async function readDue(
  driver: Driver,
  now: number,
  [fireAt, id]: Place,
): Promise<readonly AnySchedule[]> {
  const sql = placeholders(driver.dialect)(`select * from schedules_schedules
    where state = 'active' and fire_at <= ? and fire_at >= ? and (fire_at > ? or id > ?)
    order by fire_at, id limit ${BATCH}`);
  const { rows } = await driver.query({ sql, parameters: [now, fireAt, fireAt, id] });
  return rows.map(toSchedule);
}

async function lookAt(options: TickerOptions, schedule: AnySchedule, now: number): Promise<void> {
  const { id, next_at: nextAt, pause_after: pauseAfter, failures } = schedule;
  if (pauseAfter > 0 && failures >= pauseAfter) return pause(options, schedule, "failures");
  // Another process has it, or will once its plugin is there again.
  if (nextAt === null || !options.knows(schedule.plugin, schedule.job)) return;
  const read = readTiming(timingOf(schedule));
  if ("mistakes" in read) throw new TypeError(`the timing of ${id} can no longer be read`);
  const { timing } = read;
  const plan = planTicks({ id, nextAt, timing }, now);
  if (plan === undefined) return;
  try {
    await tick(options, { schedule, plan, now });
  } catch (error) {
    // The job is declared otherwise since: every later tick would be refused alike.
    if (!isProblem(error) || error.code !== "jobs.badInput") throw error;
    await pause(options, schedule, "input");
  }
}

async function pause(
  { hub, newOrigin, clock }: TickerOptions,
  schedule: AnySchedule,
  reason: "failures" | "input",
): Promise<void> {
  const { organization, id } = schedule;
  try {
    await hub.append({ scope: { organization }, origin: newOrigin(schedule) }, (session) => {
      session.add(pauseStatement(hub.driver.dialect, { schedule, reason, now: clock.now() }));
      session
        .as("schedules")
        .emit("schedule.paused", pausedData(schedule, reason), { subject: id });
    });
  } catch (error) {
    // Paused or changed by somebody else meanwhile.
    if (!isProblem(error) || error.code !== "store.conflict") throw error;
  }
}
