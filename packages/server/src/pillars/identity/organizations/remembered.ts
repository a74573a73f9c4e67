import type { PluginContext } from "portico/kernel";

/** How long something is looked up in the store at most while its rows are being changed: longer than a request may take. */
const DISTRUST_MS = 60_000;
/** How long after its change was heard of: another change of it may have been under way. */
const AFTERWARDS_MS = 2_000;
const DISTRUSTED_MAX = 10_000;
const EVERYTHING = "*";

/** What is remembered, and how it is looked up. */
export interface RememberedOptions<TValue> {
  /** Of the change feed; ids are those of `find`. */
  readonly kind: string;
  /** Ids that are held at most. */
  readonly idsMax: number;
  readonly load: (id: string, organization: string) => Promise<TValue>;
}

type Places<TValue> = Map<string, Promise<TValue> | { readonly value: TValue }>;

/**
 * What the store says of an id in an organization, in memory and bounded: two generations, of which the older is dropped
 * whole when the younger is full. Dropped by the change feed, never believed while that is not read, and looked up anew
 * from the moment its change begins in this process.
 */
export class Remembered<TValue> {
  readonly #ctx: PluginContext;
  readonly #options: RememberedOptions<TValue>;
  readonly #unwatch: () => void;
  readonly #distrusted = new Map<string, number>();
  #young = new Map<string, Places<TValue>>();
  #old = new Map<string, Places<TValue>>();

  constructor(ctx: PluginContext, options: RememberedOptions<TValue>) {
    this.#ctx = ctx;
    this.#options = options;
    this.#unwatch = ctx.changes.watch(options.kind, (id) => this.#told(id));
  }

  /** From memory, where that may be believed. */
  known(id: string, organization: string): { readonly value: TValue } | undefined {
    if (this.#mustAsk(id)) return undefined;
    const found = this.#placesOf(id)?.get(organization);
    return found instanceof Promise ? undefined : found;
  }

  async find(id: string, organization: string): Promise<TValue> {
    const { load } = this.#options;
    if (this.#mustAsk(id)) return await load(id, organization);
    const places = this.#placesOf(id) ?? this.#add(id);
    const found = places.get(organization);
    if (found !== undefined) return found instanceof Promise ? await found : found.value;
    const loading = load(id, organization);
    places.set(organization, loading);
    try {
      const value = await loading;
      // Places that were dropped meanwhile are nobody's any more: what was read is not believed twice.
      places.set(organization, { value });
      return value;
    } catch (error) {
      places.delete(organization);
      throw error;
    }
  }

  /** From now on asks the store, until the change feed has told of it. Called before the commit of a change. */
  distrust(id: string): void {
    const now = this.#ctx.clock.monotonic();
    if (this.#distrusted.size >= DISTRUSTED_MAX) this.#forgetDistrust(now);
    this.#distrusted.set(id, now + DISTRUST_MS);
    this.#drop(id);
  }

  stop(): void {
    this.#unwatch();
  }

  #mustAsk(id: string): boolean {
    // A feed that was not read for a second may hide a ban: then memory proves nothing.
    if (this.#ctx.changes.stale()) return true;
    if (this.#distrusted.size === 0) return false;
    return this.#isDistrusted(id) || this.#isDistrusted(EVERYTHING);
  }

  #isDistrusted(id: string): boolean {
    const until = this.#distrusted.get(id);
    if (until === undefined) return false;
    if (until > this.#ctx.clock.monotonic()) return true;
    this.#distrusted.delete(id);
    return false;
  }

  #told(id: string): void {
    this.#drop(id);
    const until = this.#ctx.clock.monotonic() + AFTERWARDS_MS;
    const held = id === EVERYTHING ? [...this.#distrusted.keys()] : [id];
    for (const each of held) {
      const before = this.#distrusted.get(each);
      if (before !== undefined) this.#distrusted.set(each, Math.min(before, until));
    }
  }

  #drop(id: string): void {
    if (id === EVERYTHING) {
      this.#young = new Map();
      this.#old = new Map();
      return;
    }
    this.#young.delete(id);
    this.#old.delete(id);
  }

  #placesOf(id: string): Places<TValue> | undefined {
    const young = this.#young.get(id);
    if (young !== undefined) return young;
    const old = this.#old.get(id);
    if (old === undefined) return undefined;
    this.#old.delete(id);
    this.#hold(id, old);
    return old;
  }

  #add(id: string): Places<TValue> {
    const places: Places<TValue> = new Map();
    this.#hold(id, places);
    return places;
  }

  #hold(id: string, places: Places<TValue>): void {
    if (this.#young.size >= this.#options.idsMax / 2) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(id, places);
  }

  #forgetDistrust(now: number): void {
    for (const [id, until] of this.#distrusted) {
      if (until > now && this.#distrusted.size < DISTRUSTED_MAX) return;
      this.#distrusted.delete(id);
      // Forgotten too early would be believed too early: what is held now goes, too.
      this.#drop(id);
    }
  }
}
