import type { PluginContext } from "portico/kernel";
import { CACHE_CHANGES, toChange } from "./changes.ts";

/** What it takes to tell the other processes. */
export type AnnounceParts = Pick<
  PluginContext,
  "clock" | "logger" | "makeId" | "newOrigin" | "store"
>;

/** A process writes at most one change in this time, however many calls change something. */
const EVERY_MS = 1_000;
/** More of one API in that time are told as all of it: dropping too much is only slow. */
const URIS_MAX = 64;
/** Characters of one change. */
const TEXT_MAX = 8_192;

/**
 * Tells the other processes what unsafe calls have changed (RFC 9111 §4.4), as purges are told: the first at once, what
 * comes within a second after it together. Outside the promise of the store: a process that ends within this second has
 * not told it.
 */
export class ChangedUris {
  readonly #parts: AnnounceParts;
  /** Names this process, which has dropped its own already. */
  readonly process: string;
  /** By the API; undefined for all of it. */
  #pending = new Map<string, Set<string> | undefined>();
  #isPaused = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: AnnounceParts) {
    this.#parts = parts;
    this.process = parts.makeId("cache");
  }

  /** Notes a target that was changed. Never waits, and never fails a call. */
  add(api: string, uri: string): void {
    if (this.#pending.has(api) && this.#pending.get(api) === undefined) return;
    const uris = this.#pending.get(api) ?? new Set<string>();
    uris.add(uri);
    this.#pending.set(api, uris.size > URIS_MAX ? undefined : uris);
    if (!this.#isPaused) this.#write();
  }

  /** Settles when everything that was noted is told, or cannot be. */
  async settle(): Promise<void> {
    if (this.#pending.size > 0) this.#write();
    await this.#writing;
  }

  #write(): void {
    const changes = [...this.#pending].map(([api, uris]) => changeOf(api, uris, this.process));
    this.#pending = new Map();
    this.#isPaused = true;
    this.#writing = this.#writing.then(() => this.#tell(changes));
    this.#parts.clock.after(EVERY_MS, () => {
      this.#isPaused = false;
      if (this.#pending.size > 0) this.#write();
    });
  }

  async #tell(changes: readonly string[]): Promise<void> {
    const { store, newOrigin, logger } = this.#parts;
    try {
      await store.append({ scope: "instance", origin: newOrigin("portico") }, (append) => {
        for (const change of changes) append.changed(CACHE_CHANGES, change);
      });
    } catch (error) {
      logger.warn(
        { err: error, count: changes.length },
        "what calls have changed could not be told to the caches of other processes",
      );
    }
  }
}

function changeOf(api: string, uris: ReadonlySet<string> | undefined, by: string): string {
  const whole = toChange({ kind: "api", api }, by);
  if (uris === undefined) return whole;
  const text = toChange({ kind: "uris", uris: [...uris] }, by);
  return text.length > TEXT_MAX ? whole : text;
}
