/** Retries that a quiet upstream may have before its calls have earned any. */
const RESERVE = 3;
/** What a busy one may save up: a long good time must not pay for a storm. */
const SAVED_MAX = 100;

/** Keeps retries a bounded share of calls: when everything fails, retrying everything doubles the load on what is ill. */
export class RetryBudget {
  readonly #ratio: number;
  #tokens = RESERVE;

  /** `ratio`: retries for each call, 0.2 for one in five. */
  constructor(ratio: number) {
    this.#ratio = ratio;
  }

  /** A call came in. */
  earn(): void {
    this.#tokens = Math.min(SAVED_MAX, this.#tokens + this.#ratio);
  }

  /** True when one more retry may be made. */
  spend(): boolean {
    // Sums of 0.2 fall short of whole numbers by less than this.
    if (this.#tokens < 1 - 1e-9) return false;
    this.#tokens -= 1;
    return true;
  }
}
