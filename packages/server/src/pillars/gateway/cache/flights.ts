/** How a fetch that others wait for came out. */
export type Outcome =
  /** A reply is stored: look again. */
  | "stored"
  /** Nothing to share: everybody asks for himself, all at once. */
  | "alone"
  /** Whoever fetched has left: another may begin. */
  | "again";

/** One fetch that several callers wait for. */
export class Flight {
  readonly #waiting: ((outcome: Outcome) => void)[] = [];
  readonly #ended: (outcome: Outcome) => void;
  #isOver = false;

  constructor(ended: (outcome: Outcome) => void) {
    this.#ended = ended;
  }

  /** Settles when the fetch does. */
  wait(): Promise<Outcome> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Lets all that wait go, at once. Only the first call counts. */
  settle(outcome: Outcome): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended(outcome);
    for (const resolve of this.#waiting) resolve(outcome);
  }
}

/** How long a target whose reply could not be shared is not waited for again. */
const ALONE_MS = 5_000;
const ALONE_MAX = 10_000;

/**
 * Request collapsing: one call to the upstream for many callers of the same thing. A target whose last reply could not
 * be shared is remembered for a while, so that nobody waits for its next one.
 */
export class Flights {
  readonly #flights = new Map<string, Flight>();
  readonly #alone = new Map<string, number>();
  readonly #monotonic: () => number;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** The fetch under way for a key. */
  of(key: string): Flight | undefined {
    return this.#flights.get(key);
  }

  /** Begins one; undefined where nobody shall wait. */
  begin(key: string): Flight | undefined {
    const until = this.#alone.get(key);
    if (until !== undefined) {
      if (this.#monotonic() < until) return undefined;
      this.#alone.delete(key);
    }
    const flight = new Flight((outcome) => {
      this.#flights.delete(key);
      if (outcome === "alone") this.#remember(key);
    });
    this.#flights.set(key, flight);
    return flight;
  }

  #remember(key: string): void {
    if (this.#alone.size >= ALONE_MAX) {
      const [oldest] = this.#alone.keys();
      if (oldest !== undefined) this.#alone.delete(oldest);
    }
    this.#alone.set(key, this.#monotonic() + ALONE_MS);
  }
}
