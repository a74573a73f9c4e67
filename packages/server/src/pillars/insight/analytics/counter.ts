import type { AnsweredRequest, Clock } from "portico/kernel";
import { Minute } from "./minute.ts";

const MINUTE_MS = 60_000;
/** Minutes held while they cannot be written. Less than compaction waits, so that none comes after it. */
const HELD_MAX = 10;

/** Writes the counts of minutes so far; again and again for the minute under way. */
export type WriteMinutes = (minutes: readonly Minute[]) => Promise<void>;

/** What counting needs. */
export interface CounterOptions {
  readonly clock: Clock;
  readonly flushMs: number;
  readonly seriesMax: number;
  readonly write: WriteMinutes;
  /** Told when minutes could not be written, and how many requests were given up. */
  readonly trouble: (error: unknown) => void;
  readonly lost: (requests: number) => void;
}

/** Counts requests in memory and has the counts written every few seconds: a crash loses what came since. */
export class Counter {
  readonly #options: CounterOptions;
  #current: Minute;
  /** Minutes with something to write, the current one among them, oldest first. */
  #minutes: Minute[] = [];
  /** The newest minute that was begun. */
  #newest = -1;
  #again = 0;
  #cancel: (() => void) | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(options: CounterOptions) {
    this.#options = options;
    this.#current = new Minute(-1, options.seriesMax);
  }

  /** On the hot path. A request counts for the minute in which it was answered. */
  count(request: AnsweredRequest): void {
    const ended = request.at + request.durationMs;
    const minute = ended - (ended % MINUTE_MS);
    if (minute !== this.#current.at) this.#turn(minute);
    this.#current.count(request);
    this.#cancel ??= this.#options.clock.after(this.#options.flushMs, () => void this.flush());
  }

  #turn(at: number): void {
    const known = this.#minutes.find((minute) => minute.at === at);
    if (known !== undefined) {
      // Answers end out of order around the turn.
      this.#current = known;
      return;
    }
    // One that was let go already, as when the clock was set back.
    const isAgain = at <= this.#newest;
    if (isAgain) this.#again += 1;
    else this.#newest = at;
    this.#current = new Minute(at, this.#options.seriesMax, isAgain ? this.#again : 0);
    this.#minutes.push(this.#current);
  }

  /** Settles in any case once all that was counted before is written or was found impossible to write. */
  flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#flushing = this.#flushing.then(() => this.#flush());
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    const { write, trouble, clock, flushMs } = this.#options;
    const pending = this.#minutes.filter(hasNews);
    if (pending.length > 0) {
      try {
        await write(pending);
      } catch (error) {
        trouble(error);
        this.#cancel ??= clock.after(flushMs, () => void this.flush());
      }
    }
    this.#dropWritten();
  }

  #dropWritten(): void {
    this.#minutes = this.#minutes.filter((minute) => minute === this.#current || hasNews(minute));
    const tooMany = Math.max(0, this.#minutes.length - HELD_MAX);
    for (const minute of this.#minutes.splice(0, tooMany)) {
      this.#options.lost(minute.series.reduce((sum, each) => sum + each.count - each.written, 0));
    }
  }
}

function hasNews(minute: Minute): boolean {
  return minute.series.some((series) => series.count !== series.written);
}
