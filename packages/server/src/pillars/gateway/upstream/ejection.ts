/** When a target that fails calls is left out for a while. */
export interface EjectionSettings {
  /** Failed calls within the window that lead to it. */
  readonly failures: number;
  readonly windowMs: number;
  readonly ejectMs: number;
}

/** The passive health check of a target: what calls tell of it. */
export class Ejection {
  readonly #settings: EjectionSettings;
  readonly #ejected: () => void;
  /** Times of the last failures, a ring as long as their number that matters. */
  readonly #failedAt: Float64Array;
  #next = 0;
  #until = 0;

  constructor(settings: EjectionSettings, ejected: () => void) {
    this.#settings = settings;
    this.#ejected = ejected;
    this.#failedAt = new Float64Array(settings.failures).fill(Number.NEGATIVE_INFINITY);
  }

  /** How long the target is still left out; 0 when it is not. */
  waitMs(now: number): number {
    return Math.max(0, this.#until - now);
  }

  failed(now: number): void {
    const { failures, windowMs, ejectMs } = this.#settings;
    this.#failedAt[this.#next] = now;
    this.#next = (this.#next + 1) % failures;
    const oldest = this.#failedAt[this.#next] ?? Number.NEGATIVE_INFINITY;
    if (now - oldest > windowMs || now < this.#until) return;
    this.#until = now + ejectMs;
    this.#failedAt.fill(Number.NEGATIVE_INFINITY);
    this.#ejected();
  }
}
