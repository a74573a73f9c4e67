import type { Bucket } from "./bucket.ts";

/** Buckets beyond the bound, shared by subjects whose names fall together. */
const SHARED = 4_096;

/**
 * Buckets of one window length, forgotten without a sweep: there are two maps, and each time a window has passed the
 * older is dropped. What lies in it was not touched for a whole window, so its bucket is full again, and
 * forgetting it changes nothing.
 */
export class Buckets {
  readonly #windowMs: number;
  readonly #max: number;
  #young = new Map<string, Bucket>();
  #old = new Map<string, Bucket>();
  #turnAt = Number.NEGATIVE_INFINITY;

  constructor(windowMs: number, max: number) {
    this.#windowMs = windowMs;
    this.#max = max;
  }

  /** How many are held. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /**
   * The name under which a subject's bucket is kept. Beyond the bound new subjects share buckets: they get less than
   * their due while millions press in, nobody gets more, and memory stays bounded.
   */
  nameFor(subject: string, nowMs: number): string {
    this.#turn(nowMs);
    if (this.get(subject) !== undefined) return subject;
    const shared = `\0shared ${hash(subject) % SHARED}`;
    // Whoever has taken from a shared bucket stays with it until it is full again: a fresh one would be a gift.
    return this.size >= this.#max || this.get(shared) !== undefined ? shared : subject;
  }

  get(name: string): Bucket | undefined {
    return this.#young.get(name) ?? this.#old.get(name);
  }

  put(name: string, debt: number, nowMs: number): void {
    const known = this.#young.get(name);
    if (known !== undefined) {
      known.debt = debt;
      known.at = nowMs;
      return;
    }
    this.#old.delete(name);
    this.#young.set(name, { debt, at: nowMs });
  }

  #turn(nowMs: number): void {
    if (nowMs < this.#turnAt) return;
    this.#turnAt = nowMs + this.#windowMs;
    this.#old = this.#young;
    this.#young = new Map();
  }
}

/** FNV-1a, 32 bits: only spreads; nothing secret depends on it. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
