/** When a target is left alone, and how it is tried again. */
export interface BreakerSettings {
  /** Share of failed calls, 0 to 1, at which it opens. */
  readonly failureRatio: number;
  /** Calls within the window before the share is looked at. */
  readonly callsMin: number;
  readonly windowMs: number;
  /** How long it stays open. */
  readonly openMs: number;
  /** Calls that are let through after that; all of them must succeed. */
  readonly trialCalls: number;
}

/** Closed: calls pass. Open: none does. Half open: a few do, to see. */
export type BreakerState = "closed" | "open" | "halfOpen";

/** How a call ended for the target: `none` when it was not the target's doing. */
export type Outcome = "ok" | "failed" | "none";

const SLOTS = 10;

/**
 * Stops calls to a target that mostly fails, so that it can recover and callers are not kept waiting. Failures are counted
 * over a window of ten slots, the oldest of which is forgotten as a whole.
 */
export class CircuitBreaker {
  readonly #settings: BreakerSettings;
  readonly #changed: (state: BreakerState) => void;
  readonly #calls = new Float64Array(SLOTS);
  readonly #failures = new Float64Array(SLOTS);
  #slot = 0;
  #state: BreakerState = "closed";
  #openUntil = 0;
  #trials = 0;
  #successes = 0;

  constructor(settings: BreakerSettings, changed: (state: BreakerState) => void) {
    this.#settings = settings;
    this.#changed = changed;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** When the next call may pass; 0 when one may now. */
  waitMs(now: number): number {
    if (this.#state === "closed") return 0;
    if (this.#state === "open") return Math.max(0, this.#openUntil - now);
    return this.#trials < this.#settings.trialCalls ? 0 : this.#settings.openMs;
  }

  /** A call begins that `waitMs` has let pass. */
  began(now: number): void {
    if (this.#state === "open" && now >= this.#openUntil) {
      this.#trials = 0;
      this.#successes = 0;
      this.#become("halfOpen");
    }
    if (this.#state === "halfOpen") this.#trials += 1;
  }

  ended(outcome: Outcome, now: number): void {
    if (this.#state === "closed") {
      if (outcome !== "none") this.#count(outcome === "failed", now);
    } else if (this.#state === "halfOpen") {
      this.#tried(outcome, now);
    }
  }

  #tried(outcome: Outcome, now: number): void {
    if (outcome === "failed") {
      this.#open(now);
    } else if (outcome === "none") {
      this.#trials = Math.max(0, this.#trials - 1);
    } else {
      this.#successes += 1;
      if (this.#successes < this.#settings.trialCalls) return;
      this.#calls.fill(0);
      this.#failures.fill(0);
      this.#become("closed");
    }
  }

  #count(isFailure: boolean, now: number): void {
    const { windowMs, callsMin, failureRatio } = this.#settings;
    this.#turn(Math.floor((now * SLOTS) / windowMs));
    const at = this.#slot % SLOTS;
    this.#calls[at] = (this.#calls[at] ?? 0) + 1;
    if (!isFailure) return;
    this.#failures[at] = (this.#failures[at] ?? 0) + 1;
    const calls = sum(this.#calls);
    if (calls >= callsMin && sum(this.#failures) >= failureRatio * calls) this.#open(now);
  }

  #turn(slot: number): void {
    const steps = Math.min(slot - this.#slot, SLOTS);
    for (let step = 1; step <= steps; step += 1) {
      this.#calls[(this.#slot + step) % SLOTS] = 0;
      this.#failures[(this.#slot + step) % SLOTS] = 0;
    }
    this.#slot = slot;
    // A jump over the whole window leaves only the slot that now counts.
    if (steps === SLOTS) {
      this.#calls.fill(0);
      this.#failures.fill(0);
    }
  }

  #open(now: number): void {
    this.#openUntil = now + this.#settings.openMs;
    this.#become("open");
  }

  #become(state: BreakerState): void {
    this.#state = state;
    this.#changed(state);
  }
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
