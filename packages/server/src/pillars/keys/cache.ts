import type { KeyRecord } from "./record.ts";

interface Generation {
  readonly byText: Map<string, KeyRecord>;
  readonly byId: Map<string, KeyRecord>;
  readonly unknown: Set<string>;
}

/**
 * What is known of keys, bounded: two generations, of which the older is dropped whole when the younger is full; what is
 * asked for moves into the younger. So a hit is one look-up in one map, with no list to keep in order.
 *
 * Verified keys are found by their full text, which spares a hash for each request. It keeps texts of keys in memory
 * that are in use anyway: each lies in the buffers of the requests that carry it, and whoever reads this process's
 * memory reads those. Nothing of it is ever written, logged or listed, and a text is gone two generations after its last use.
 */
export class KeyCache {
  readonly #max: number;
  #young = generation();
  #old = generation();
  /** Counts drops, so that a look-up that began before one is not remembered after it. */
  drops = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** The record of a text that was verified before. */
  verified(text: string): KeyRecord | undefined {
    const record = this.#young.byText.get(text) ?? this.#promoteText(text);
    return record === undefined || record.isDropped ? undefined : record;
  }

  /** The record of an id, verified or not. */
  find(id: string): KeyRecord | undefined {
    const young = this.#young.byId.get(id);
    if (young !== undefined) return young;
    const old = this.#old.byId.get(id);
    if (old !== undefined) this.#young.byId.set(id, old);
    return old;
  }

  /** True when no key of this id was there a moment ago. */
  isUnknown(id: string): boolean {
    return this.#young.unknown.has(id) || this.#old.unknown.has(id);
  }

  /** Remembers a record, or that there is none, unless something was dropped since `drops` was read. */
  remember(id: string, record: KeyRecord | undefined, drops: number): void {
    if (drops !== this.drops) return;
    this.#turnWhenFull();
    if (record === undefined) this.#young.unknown.add(id);
    else this.#young.byId.set(id, record);
  }

  /** Remembers that a text belongs to a record that is held already. */
  rememberVerified(text: string, record: KeyRecord): void {
    // Another object of the same id would not be found when the id is dropped.
    const owner = record.owner ?? record;
    if (owner.isDropped || this.find(record.id) !== owner) return;
    this.#turnWhenFull();
    this.#young.byId.set(record.id, owner);
    this.#young.byText.set(text, record);
  }

  /** Forgets a key; `*` forgets all. */
  drop(id: string): void {
    this.drops += 1;
    if (id === "*") return this.#dropAll();
    for (const { byId, unknown } of [this.#young, this.#old]) {
      const record = byId.get(id);
      if (record !== undefined) {
        record.isDropped = true;
        if (record.previous !== undefined) record.previous.isDropped = true;
      }
      byId.delete(id);
      unknown.delete(id);
    }
  }

  #dropAll(): void {
    this.#young = generation();
    this.#old = generation();
  }

  #promoteText(text: string): KeyRecord | undefined {
    const record = this.#old.byText.get(text);
    if (record === undefined || record.isDropped) return undefined;
    this.#old.byText.delete(text);
    this.#turnWhenFull();
    // Both together: a text must never outlive the entry by which its record is dropped.
    this.#young.byId.set(record.id, record.owner ?? record);
    this.#young.byText.set(text, record);
    return record;
  }

  #turnWhenFull(): void {
    const { byText, byId, unknown } = this.#young;
    const held = Math.max(byText.size, byId.size, unknown.size);
    if (held < this.#max / 2) return;
    this.#old = this.#young;
    this.#young = generation();
  }
}

function generation(): Generation {
  return { byText: new Map(), byId: new Map(), unknown: new Set() };
}
