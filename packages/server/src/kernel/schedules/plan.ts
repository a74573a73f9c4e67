import { fireAt } from "./timing.ts";
import type { ReadTiming } from "./timing.ts";

/** A tick no later than this came on time, whatever the catch-up says: processes are slow now and then. */
const ON_TIME_MS = 10_000;
/** Missed ticks are counted up to here. */
const COUNT_MAX = 1_000;
/** Ticks that came on time are run up to so many at once: ten seconds of a pattern of seconds. */
const ON_TIME_MAX = 20;

/** What is due of one schedule. */
export interface Plan {
  /** Ticks whose jobs are made, oldest first. */
  readonly runs: readonly number[];
  /** Ticks nobody was there for, and which are not made up. */
  readonly missed:
    | {
        readonly count: number;
        readonly isMore: boolean;
        readonly from: number;
        readonly to: number;
      }
    | undefined;
  /** The next tick; undefined when none comes any more. */
  readonly nextAt: number | undefined;
}

/** Decides what happens to the ticks from `nextAt` up to now. Undefined when none is due. */
export function planTicks(
  schedule: { readonly id: string; readonly nextAt: number; readonly timing: ReadTiming },
  now: number,
): Plan | undefined {
  const { id, nextAt, timing } = schedule;
  const { times, jitterMs, windowMs, max } = timing;
  const isDue = (tick: number): boolean => fireAt({ id, jitterMs }, tick) <= now;
  if (!isDue(nextAt)) return undefined;
  const last = times.lastMany(now, max + ON_TIME_MAX).filter((tick) => tick > nextAt);
  // What is stored was promised, also where the zone's rules have changed since and no longer give it.
  const newest = [nextAt, ...last];
  // With jitter the newest may not be due yet, and then none after it is looked at before it.
  const firstLater = newest.find((tick) => !isDue(tick));
  const due = firstLater === undefined ? newest : newest.filter((tick) => tick < firstLater);
  const isOnTime = (tick: number): boolean => now - fireAt({ id, jitterMs }, tick) <= ON_TIME_MS;
  const onTime = due.filter(isOnTime);
  const late = due.filter((tick) => !isOnTime(tick) && now - tick <= windowMs);
  const runs = [...late.slice(Math.max(0, late.length - max)), ...onTime].toSorted((a, b) => a - b);
  const after = firstLater ?? times.next(Math.max(now, nextAt));
  return { runs, missed: missedOf(schedule, { runs, due }), nextAt: after };
}

/** Counts the due ticks that are not run. */
function missedOf(
  { nextAt, timing }: { readonly nextAt: number; readonly timing: ReadTiming },
  { runs, due }: { readonly runs: readonly number[]; readonly due: readonly number[] },
): Plan["missed"] {
  const run = new Set(runs);
  const until = due.at(-1) ?? nextAt;
  const missed: number[] = [];
  let seen = 0;
  let tick: number | undefined = nextAt;
  for (; tick !== undefined && tick <= until && seen < COUNT_MAX; tick = timing.times.next(tick)) {
    seen += 1;
    if (!run.has(tick)) missed.push(tick);
  }
  const [from] = missed;
  if (from === undefined) return undefined;
  const isMore = tick !== undefined && tick <= until;
  const newest = isMore ? due.findLast((each) => !run.has(each)) : missed.at(-1);
  return { count: missed.length, isMore, from, to: newest ?? from };
}
