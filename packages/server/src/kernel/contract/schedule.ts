import { capability } from "./capability.ts";
import type { Tx } from "./store.ts";

/** What happens to a tick while a job of an earlier one has not ended: nothing, it waits its turn, or it takes its place. */
export type Overlap = "skip" | "queue" | "cancel";

/** When and how a schedule ticks. */
export interface ScheduleTiming {
  /**
   * Five fields (minute, hour, day of the month, month, day of the week) or six with seconds in front; `@daily` and its
   * like. Where both days are restricted, either is enough (POSIX). A time of fixed hours, minutes and seconds that daylight
   * saving skips comes once, at the moment the clocks have moved; one that comes twice is taken the first time only. A
   * pattern with `*` or a step in hours, minutes or seconds goes by the time that passes: through both passes, and not
   * through the gap (OCPS 1.4).
   */
  readonly cron: string;
  /** IANA name; `UTC` when left out. */
  readonly zone?: string;
  /**
   * Ticks that nobody was there for are made up if they are no older than `window` (`1h` when left out), the newest `max` of
   * them (1 when left out, at most 100). A text is the window. The others are told of as `schedule.missed`.
   */
  readonly catchUp?: string | { readonly window?: string; readonly max?: number };
  /** `skip` when left out. Of `queue`, at most 100 wait; more are skipped. */
  readonly overlap?: Overlap;
  /** Up to this long after its tick a job begins, the same time for the same tick: `30s`. None when left out. */
  readonly jitter?: string;
  /** Jobs failed in a row after which the schedule is paused; never when left out or 0. */
  readonly pauseAfter?: number;
}

/** A schedule that a plugin declares: it runs a job of the plugin in the organization `default`. */
export interface ScheduleDefinition extends ScheduleTiming {
  /** Name of one of the plugin's jobs. */
  readonly job: string;
  readonly input?: unknown;
}

/** What a schedule runs. */
export interface ScheduledJob {
  readonly plugin: string;
  readonly name: string;
  readonly input: unknown;
}

/** A schedule as its organization sees it. Times are milliseconds since 1970, UTC. */
export interface ScheduleView {
  readonly id: string;
  readonly slug: string | null;
  /** `notes.nightlyDigest` of a plugin's own; null of one that was made by a caller. */
  readonly declared: string | null;
  readonly job: ScheduledJob;
  readonly cron: string;
  readonly zone: string;
  readonly catchUp: { readonly windowMs: number; readonly max: number };
  readonly overlap: Overlap;
  readonly jitterMs: number;
  readonly pauseAfter: number;
  readonly description: string;
  readonly state: "active" | "paused";
  readonly pausedReason: "caller" | "failures" | "input" | null;
  /** The next tick, before jitter; null while paused. */
  readonly nextAt: number | null;
  /** The newest tick that came or was missed; null before the first. */
  readonly lastAt: number | null;
  /** Jobs of it that failed since one was done. */
  readonly failures: number;
  readonly revision: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What may be changed about a schedule. */
export interface ScheduleChanges extends Partial<ScheduleTiming> {
  readonly job?: ScheduledJob;
  readonly description?: string;
  /** Is given the revision that is changed, and may refuse it. */
  readonly check?: (revision: number) => void;
}

/** A schedule to be made. */
export interface NewSchedule extends ScheduleTiming {
  readonly job: ScheduledJob;
  readonly slug?: string;
  readonly description?: string;
  readonly isPaused?: boolean;
  /** Largest number that the organization may have. */
  readonly countMax?: number;
}

/** Which schedules of one organization a page holds, by id. */
export interface ScheduleQuery {
  readonly organization: string;
  readonly state?: "active" | "paused";
  readonly after?: string;
  /** At most 1,000. */
  readonly limit: number;
}

/**
 * The schedules of an organization. An id may be a slug. Every method throws `schedules.notFound` for what is not there or
 * another organization's; those that change how a schedule ticks throw `schedules.badTiming` and `schedules.badInput`, and
 * `schedules.declared` for one that a plugin declares.
 */
export interface SchedulesFace {
  list(query: ScheduleQuery): Promise<readonly ScheduleView[]>;
  get(organization: string, id: string): Promise<ScheduleView>;
  /** Throws `schedules.slugTaken`, `schedules.tooMany`. */
  create(tx: Tx, schedule: NewSchedule): Promise<ScheduleView>;
  update(tx: Tx, id: string, changes: ScheduleChanges): Promise<ScheduleView>;
  remove(tx: Tx, id: string): Promise<ScheduleView>;
  pause(tx: Tx, id: string): Promise<ScheduleView>;
  /** Ticks again from now on: what passed meanwhile was not missed. */
  resume(tx: Tx, id: string): Promise<ScheduleView>;
  /** Enqueues its job beside its ticks, not before `afterMs` have passed; answers the job's id. */
  run(tx: Tx, id: string, afterMs?: number): Promise<string>;
  /** The ticks after a time, before jitter. Throws `schedules.badTiming`. */
  preview(
    timing: Pick<ScheduleTiming, "cron" | "zone">,
    after: number,
    count: number,
  ): readonly number[];
  /** The permission that a caller needs to schedule a job; undefined when only its plugin may, or there is no such job. */
  callable(plugin: string, name: string): string | undefined;
  /** Deletes at most `limit` of the oldest ticks of all organizations that came before `before`; how many. */
  forget(options: { readonly before: number; readonly limit: number }): Promise<number>;
}

/** `kernel.schedules@1`: the kernel's own capability; no plugin needs to be listed in `needs` for it. */
export const Schedules = capability<SchedulesFace>("kernel.schedules@1");
