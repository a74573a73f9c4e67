/**
 * A bounded map: two generations, of which the older is dropped whole when the younger is full; what is asked for moves into
 * the younger. So a hit is one look-up in one map, with no list to keep in order.
 */
export class Generations<TValue extends object> {
  readonly #max: number;
  #young = new Map<string, TValue>();
  #old = new Map<string, TValue>();

  constructor(max: number) {
    this.#max = max;
  }

  get(key: string): TValue | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, value: TValue): void {
    if (this.#young.size >= this.#max / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#old.delete(key);
    this.#young.set(key, value);
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  /** Deletes all whose value is meant. */
  deleteWhere(isMeant: (value: TValue) => boolean): void {
    for (const map of [this.#young, this.#old]) {
      for (const [key, value] of map) if (isMeant(value)) map.delete(key);
    }
  }
}
