import { Cron } from "croner";
import { refused, ok, type Result } from "../../base/index.ts";

const PATTERN_MAX = 200;

/** The times of one pattern in one zone, ms since 1970. */
export interface CronTimes {
  /** The first after `after`; undefined when there is none. */
  next(after: number): number | undefined;
  /** The first `count` after `after`. */
  nextMany(after: number, count: number): readonly number[];
  /** The last `count` up to and including `until`, oldest first. */
  lastMany(until: number, count: number): readonly number[];
}

/** Reads a pattern; refuses, in words, what is none and what never comes, such as the 30th of February. */
export function parseCron(pattern: string, zone: string): Result<CronTimes, string> {
  if (pattern.length > PATTERN_MAX) return refused(`it is longer than ${PATTERN_MAX} characters`);
  // Replaced by the time at which it is read: every process would make something else of it.
  if (pattern.includes("?")) return refused("'?' has no fixed meaning; write '*'");
  if (!isZone(zone))
    return refused(`'${zone}' is no time zone; give an IANA name such as 'Europe/Berlin'`);
  try {
    const cron = new Cron(pattern, {
      timezone: zone,
      mode: "5-or-6-parts",
      fixedTimeRule: "no-wildcard",
      paused: true,
    });
    if (cron.nextRun(new Date(0)) === null) return refused("it never comes");
    return ok(timesOf(cron));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refused(reason.replace(/^CronPattern: /, ""));
  }
}

function timesOf(cron: Cron): CronTimes {
  return {
    next: (after) => cron.nextRun(new Date(after))?.getTime(),
    nextMany: (after, count) => cron.nextRuns(count, new Date(after)).map((at) => at.getTime()),
    lastMany: (until, count) =>
      cron
        // Without the millisecond a run at `until` itself would not be before it.
        .previousRuns(count, new Date(until + 1))
        .map((at) => at.getTime())
        .toReversed(),
  };
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch {
    // What Intl does not know, no time can be computed in.
    return false;
  }
}
