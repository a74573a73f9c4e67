import type { Clock } from "../../base/index.ts";

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** Moves time on and runs, in order, what falls due on the way; each gets its turn of promises before the next. */
  advance(ms: number): Promise<void>;
  /** Sets the wall clock, backward too, as an operator or NTP might. Timers and `monotonic` do not notice. */
  set(now: number): void;
}

interface Timer {
  readonly dueAt: number;
  readonly run: () => void;
}

/**
 * Makes a clock that starts at 2026-01-01T00:00:00Z, or at `startMs`.
 *
 * @example
 * const clock = fakeClock();
 * clock.after(60_000, () => console.log("a minute later"));
 * await clock.advance(60_000);
 */
export function fakeClock(startMs: number = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsed = 0;
  let offset = startMs;
  const timers = new Set<Timer>();
  const nextDue = (until: number): Timer | undefined =>
    [...timers].filter((timer) => timer.dueAt <= until).toSorted((a, b) => a.dueAt - b.dueAt)[0];
  return {
    now: () => offset + elapsed,
    monotonic: () => elapsed,
    after: (delayMs, run) => {
      const timer: Timer = { dueAt: elapsed + delayMs, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance: async (ms) => {
      const until = elapsed + ms;
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer);
        elapsed = Math.max(elapsed, timer.dueAt);
        timer.run();
        await settle();
      }
      elapsed = until;
      await settle();
    },
    set: (now) => {
      offset = now - elapsed;
    },
  };
}

/** Lets everything that can go on without time go on: a few turns of the event loop. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}
