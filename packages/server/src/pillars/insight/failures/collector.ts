import type { Clock } from "portico/kernel";
import { addTo, groupOf } from "./group.ts";
import type { Group } from "./group.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { Occurrence } from "./occurrence.ts";

const FLUSH_MS = 2_000;
/** Errors held between two writings; what does not fit is counted, not kept. */
const GROUPS_MAX = 500;
/** Occurrences a second that are looked at: a storm of failures must not cost more than the failures. */
const LOOKED_AT_MAX = 500;

/** What collecting needs. */
export interface CollectorOptions {
  readonly clock: Clock;
  readonly write: (groups: readonly Group[]) => Promise<readonly Group[]>;
  /** Told of occurrences that were not kept. */
  readonly lost: (count: number) => void;
}

/** Holds failures by what they have in common and has them written every two seconds. */
export class FailureCollector {
  readonly #options: CollectorOptions;
  #groups = new Map<string, Group>();
  #second = 0;
  #lookedAt = 0;
  #cancel: (() => void) | undefined;
  #flushing: Promise<void> = Promise.resolve();

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /** Takes a failure that is only described when it is looked at. */
  take(describe: () => Occurrence): void {
    const second = Math.floor(this.#options.clock.monotonic() / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#lookedAt = 0;
    }
    this.#lookedAt += 1;
    if (this.#lookedAt > LOOKED_AT_MAX) {
      this.#options.lost(1);
      return;
    }
    this.#add(describe());
    this.#cancel ??= this.#options.clock.after(FLUSH_MS, () => void this.flush());
  }

  #add(occurrence: Occurrence): void {
    const key = `${occurrence.organization} ${fingerprintOf(occurrence)}`;
    const known = this.#groups.get(key);
    if (known !== undefined) addTo(known, occurrence);
    else if (this.#groups.size < GROUPS_MAX) this.#groups.set(key, groupOf(occurrence));
    else this.#options.lost(1);
  }

  /** Settles in any case once what was taken before is written, or is kept for the next time. */
  flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#flushing = this.#flushing.then(() => this.#flush());
    return this.#flushing;
  }

  async #flush(): Promise<void> {
    if (this.#groups.size === 0) return;
    const groups = [...this.#groups.values()];
    this.#groups = new Map();
    const left = await this.#options.write(groups);
    for (const group of left) this.#putBack(group);
    if (left.length > 0) {
      this.#cancel ??= this.#options.clock.after(FLUSH_MS, () => void this.flush());
    }
  }

  /** What could not be written comes before what has come since. */
  #putBack(group: Group): void {
    const key = `${group.first.organization} ${group.fingerprint}`;
    const since = this.#groups.get(key);
    if (since !== undefined) {
      group.count += since.count;
      group.lastAt = Math.max(group.lastAt, since.lastAt);
      group.samples = since.samples;
      for (const [subject, count] of since.callers) {
        group.callers.set(subject, (group.callers.get(subject) ?? 0) + count);
      }
    }
    this.#groups.set(key, group);
  }
}
