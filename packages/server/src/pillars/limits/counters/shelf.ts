/** Entries beyond the bound, shared by subjects whose names fall together. */
const SHARED = 4_096;

/**
 * Counters of one period, forgotten without a sweep: there are two maps, and each time a period has passed the older is
 * dropped. What lies in it was not touched for a whole period, so it counts nothing any more, and forgetting it
 * changes nothing.
 */
export class Shelf<TEntry> {
  readonly #periodMs: number;
  readonly #max: number;
  #young = new Map<string, TEntry>();
  #old = new Map<string, TEntry>();
  #turnAt = Number.NEGATIVE_INFINITY;

  constructor(periodMs: number, max: number) {
    this.#periodMs = periodMs;
    this.#max = max;
  }

  /** How many are held. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /**
   * The name under which a subject's counter is kept. Beyond the bound new subjects share counters: they get less than
   * their due while millions press in, nobody gets more, and memory stays bounded.
   */
  nameFor(subject: string, nowMs: number): string {
    this.#turn(nowMs);
    if (this.#young.has(subject) || this.#old.has(subject)) return subject;
    if (this.size < this.#max && this.#shared === 0) return subject;
    const shared = `\0shared ${hash(subject) % SHARED}`;
    // Whoever has taken from a shared counter stays with it until it is forgotten: a fresh one would be a gift.
    return this.size >= this.#max || this.get(shared) !== undefined ? shared : subject;
  }

  get(name: string): TEntry | undefined {
    return this.#young.get(name) ?? this.#old.get(name);
  }

  /** Keeps an entry for another period. */
  put(name: string, entry: TEntry): void {
    if (this.#young.get(name) === entry) return;
    if (!this.#old.delete(name) && name.startsWith("\0")) this.#shared += 1;
    this.#young.set(name, entry);
  }

  /** Shared counters since the map was last without any: while there is none, no name has to be looked for twice. */
  #shared = 0;

  #turn(nowMs: number): void {
    if (nowMs < this.#turnAt) return;
    this.#turnAt = nowMs + this.#periodMs;
    this.#old = this.#young;
    this.#young = new Map();
    if (this.#shared > 0) this.#shared = countShared(this.#old);
  }
}

function countShared(entries: ReadonlyMap<string, unknown>): number {
  let count = 0;
  for (const name of entries.keys()) if (name.startsWith("\0")) count += 1;
  return count;
}

/** FNV-1a, 32 bits: only spreads; nothing secret depends on it. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return value >>> 0;
}
