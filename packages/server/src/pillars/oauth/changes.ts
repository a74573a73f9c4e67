import type { PluginContext } from "portico/kernel";
import { IDENTITY_CHANGES } from "./identity.ts";
import { OAUTH_CHANGES } from "./tables.ts";

const KEPT_MAX = 10_000;
/** Longer than a request that changes something may take. */
const DISTRUST_MS = 60_000;

/**
 * Remembers what has changed lately, so that what was found out about a token before is asked again: one counter, and for each
 * changed thing its place. When there are too many, all that is older is taken as changed.
 */
export class RecentChanges {
  readonly #places = new Map<string, number>();
  readonly #unwatch: readonly (() => void)[];
  readonly #clock: PluginContext["clock"];
  readonly #distrusted = new Map<string, number>();
  #count = 0;
  #floor = 0;

  constructor({ changes, clock }: Pick<PluginContext, "changes" | "clock">) {
    this.#clock = clock;
    const watch = (kind: string, prefix: string): (() => void) =>
      changes.watch(kind, (id) => (id === "*" ? this.noteAll() : this.note(`${prefix}${id}`)));
    this.#unwatch = [
      watch(OAUTH_CHANGES, ""),
      watch(IDENTITY_CHANGES.person, "person:"),
      watch(IDENTITY_CHANGES.holding, "holding:"),
      watch(IDENTITY_CHANGES.session, "session:"),
    ];
  }

  /** The present place, to be read before what is to be remembered. */
  get place(): number {
    return this.#count;
  }

  /** Whether one of these has changed since a place. */
  since(place: number, things: readonly string[]): boolean {
    if (place < this.#floor) return true;
    return things.some(
      (thing) => (this.#places.get(thing) ?? 0) > place || this.#isDistrusted(thing),
    );
  }

  /**
   * Takes these as changed for a minute. Called before their rows are changed: then this process acts by the change from the
   * commit on, and not from the next reading of the feed.
   */
  distrust(things: readonly string[]): void {
    const until = this.#clock.monotonic() + DISTRUST_MS;
    if (this.#distrusted.size >= KEPT_MAX) this.noteAll();
    for (const thing of things) this.#distrusted.set(thing, until);
  }

  #isDistrusted(thing: string): boolean {
    if (this.#distrusted.size === 0) return false;
    const until = this.#distrusted.get(thing);
    if (until === undefined) return false;
    if (until > this.#clock.monotonic()) return true;
    this.#distrusted.delete(thing);
    return false;
  }

  note(thing: string): void {
    if (this.#places.size >= KEPT_MAX) this.noteAll();
    this.#count += 1;
    this.#places.set(thing, this.#count);
  }

  noteAll(): void {
    this.#count += 1;
    this.#floor = this.#count;
    this.#places.clear();
    this.#distrusted.clear();
  }

  stop(): void {
    for (const unwatch of this.#unwatch) unwatch();
  }
}
