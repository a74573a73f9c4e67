/** So many may differ from what is shared before all are copied. */
const OVER_MAX = 64;

/**
 * A map that is copied for a change of one entry among thousands: copies share all entries, and each has what differs
 * beside them. Copying costs as much as its differences, not as its size.
 */
export class Children<TChild> {
  readonly #shared: Map<string, TChild>;
  /** What differs from the shared entries, undefined for what is gone; without it they are this map's own. */
  readonly #over: Map<string, TChild | undefined> | undefined;
  #size: number;

  constructor(
    shared = new Map<string, TChild>(),
    over?: Map<string, TChild | undefined>,
    size = shared.size,
  ) {
    this.#shared = shared;
    this.#over = over;
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  get(key: string): TChild | undefined {
    const over = this.#over;
    if (over === undefined) return this.#shared.get(key);
    const own = over.get(key);
    return own !== undefined || over.has(key) ? own : this.#shared.get(key);
  }

  /** Only on a map that nobody has been given yet: what was copied from it would change with it. */
  set(key: string, child: TChild | undefined): void {
    const before = this.get(key);
    if (before === undefined && child !== undefined) this.#size += 1;
    if (before !== undefined && child === undefined) this.#size -= 1;
    if (this.#over !== undefined) this.#over.set(key, child);
    else if (child === undefined) this.#shared.delete(key);
    else this.#shared.set(key, child);
  }

  /** One that may be changed. From now on this one may not. */
  copy(): Children<TChild> {
    const over = this.#over ?? new Map<string, TChild | undefined>();
    const isSmall = this.#shared.size <= OVER_MAX || over.size > OVER_MAX;
    if (!isSmall) return new Children(this.#shared, new Map(over), this.#size);
    const own = new Map(this.#shared);
    for (const [key, child] of over) {
      if (child === undefined) own.delete(key);
      else own.set(key, child);
    }
    return new Children(own);
  }
}
