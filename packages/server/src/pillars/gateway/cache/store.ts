import type { Buffer } from "node:buffer";
import type { Entry, EntryPlace } from "./entry.ts";
import { variantOf } from "./policy.ts";

/** What is taken out of the cache. */
export type Purge =
  | { readonly kind: "all" }
  | { readonly kind: "api"; readonly api: string }
  /** A path as callers send it, with all its queries; `*` at its end stands for anything. */
  | { readonly kind: "path"; readonly path: string; readonly api?: string }
  | { readonly kind: "tags"; readonly tags: readonly string[] }
  /** Targets as places name them. */
  | { readonly kind: "uris"; readonly uris: readonly string[] };

/** One reply on its way into the cache: spoilt when what it answers is purged or changed meanwhile. */
export interface Attempt {
  readonly place: EntryPlace;
  isSpoilt: boolean;
}

/** Replies of one key, by the fields they vary by. Nearly always one set of fields. */
interface Group {
  readonly place: EntryPlace;
  readonly shapes: { readonly vary: readonly string[]; readonly entries: Map<string, Entry> }[];
  count: number;
}

/** Callers choose the values of fields: how many variants one target may have is bounded. */
const VARIANTS_MAX = 100;

/** A call is over long before so many APIs have changed after its own. */
const EXCHANGES_MAX = 10_000;

/** Replies in memory, bounded in bytes; the one that was used longest ago goes first. */
export class CacheStore {
  readonly #bytesMax: number;
  readonly #groups = new Map<string, Group>();
  readonly #byUri = new Map<string, Set<Group>>();
  readonly #byTag = new Map<string, Set<Entry>>();
  /** In the order of use, the longest ago first. */
  readonly #order = new Set<Entry>();
  readonly #attempts = new Set<Attempt>();
  /** Monotonic ms when the routes of an API were last exchanged, the longest ago first. */
  readonly #exchanged = new Map<string, number>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** For gauges. */
  get counts(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#order.size, bytes: this.#bytes };
  }

  /** True when nothing is kept, nor on its way. */
  get isEmpty(): boolean {
    return this.#order.size === 0 && this.#attempts.size === 0;
  }

  /** True when something is kept under a key, whatever it varies by. */
  has(key: string): boolean {
    return this.#groups.has(key);
  }

  /** The reply that fits a request; of several the youngest (RFC 9111 §4). */
  find(key: string, rawHeaders: readonly string[]): Entry | undefined {
    const group = this.#groups.get(key);
    if (group === undefined) return undefined;
    let found: Entry | undefined;
    for (const { vary, entries } of group.shapes) {
      const entry = entries.get(variantOf(vary, rawHeaders));
      if (entry !== undefined && (found === undefined || entry.dateMs >= found.dateMs)) {
        found = entry;
      }
    }
    if (found !== undefined) this.#touch(found);
    return found;
  }

  /** What tells requests of a key apart, as far as is known before a reply is there. */
  variantKey(key: string, rawHeaders: readonly string[]): string {
    const vary = this.#groups.get(key)?.shapes.at(-1)?.vary;
    return vary === undefined || vary.length === 0 ? key : `${key}\n${variantOf(vary, rawHeaders)}`;
  }

  /** Begins to take a reply in. */
  attempt(place: EntryPlace): Attempt {
    const attempt: Attempt = { place, isSpoilt: false };
    this.#attempts.add(attempt);
    return attempt;
  }

  /** Gives an attempt up. */
  forget(attempt: Attempt): void {
    this.#attempts.delete(attempt);
  }

  /** Ends an attempt: keeps the reply, unless it is larger than the whole cache or was spoilt. */
  put(attempt: Attempt, entry: Entry): boolean {
    this.#attempts.delete(attempt);
    if (attempt.isSpoilt || entry.bytes > this.#bytesMax) return false;
    const group = this.#groupOf(entry.place);
    const shape = shapeOf(group, entry.terms.vary);
    const before = shape.entries.get(entry.variant);
    if (before !== undefined) this.drop(before);
    this.#add(entry);
    if (this.#groupOf(entry.place).count > VARIANTS_MAX) this.#dropOldestOf(entry.place.key);
    this.#shrink();
    return this.#order.has(entry);
  }

  /** Keeps a packed form of a reply's body beside it; false when the reply is gone, or would be for it. */
  keepPacked(entry: Entry, coding: string, body: Buffer): boolean {
    // Two calls that packed at one time bring the same form twice.
    const grown = body.length - (entry.packed.get(coding)?.length ?? 0);
    if (!this.#order.has(entry) || this.#bytes + grown > this.#bytesMax) return false;
    entry.packed.set(coding, body);
    this.#bytes += grown;
    return true;
  }

  /** Takes one reply out. */
  drop(entry: Entry): void {
    if (!this.#order.delete(entry)) return;
    this.#bytes -= entry.bytes;
    for (const body of entry.packed.values()) this.#bytes -= body.length;
    for (const tag of entry.tags) {
      const tagged = this.#byTag.get(tag);
      tagged?.delete(entry);
      if (tagged?.size === 0) this.#byTag.delete(tag);
    }
    const group = this.#groups.get(entry.place.key);
    if (group === undefined) return;
    for (const [index, shape] of group.shapes.entries()) {
      if (shape.entries.get(entry.variant) !== entry) continue;
      shape.entries.delete(entry.variant);
      group.count -= 1;
      if (shape.entries.size === 0) group.shapes.splice(index, 1);
      break;
    }
    if (group.count === 0) this.#dropGroup(group);
  }

  /** Takes all replies of a target out, whoever's they are: something has changed it (RFC 9111 §4.4). */
  invalidate(uri: string): number {
    for (const attempt of this.#attempts) if (attempt.place.uri === uri) attempt.isSpoilt = true;
    return this.#dropGroups(this.#byUri.get(uri) ?? []);
  }

  /** Takes out what an operator names. Answers how many replies went. */
  purge(what: Purge): number {
    if (what.kind === "uris") {
      return what.uris.reduce((count, uri) => count + this.invalidate(uri), 0);
    }
    // What tags a reply will have is not known before it is there.
    for (const attempt of this.#attempts) {
      if (what.kind === "tags" || isMeant(what, attempt.place)) attempt.isSpoilt = true;
    }
    if (what.kind !== "tags") {
      return this.#dropGroups(
        [...this.#groups.values()].filter(({ place }) => isMeant(what, place)),
      );
    }
    const tagged = new Set(what.tags.flatMap((tag) => [...(this.#byTag.get(tag) ?? [])]));
    for (const entry of tagged) this.drop(entry);
    return tagged.size;
  }

  /** The routes of an API were exchanged: what the old ones have stored goes, and calls that began with them store nothing. */
  forgetRoutes(api: string, nowMs: number): void {
    if (!this.isEmpty) this.purge({ kind: "api", api });
    this.#exchanged.delete(api);
    this.#exchanged.set(api, nowMs);
    if (this.#exchanged.size <= EXCHANGES_MAX) return;
    for (const oldest of this.#exchanged.keys()) {
      this.#exchanged.delete(oldest);
      return;
    }
  }

  /** True when a call that began then goes by routes that are no longer in force. */
  isOutdated(api: string, startedMs: number): boolean {
    const at = this.#exchanged.get(api);
    return at !== undefined && startedMs < at;
  }

  #dropGroups(groups: Iterable<Group>): number {
    const entries: Entry[] = [];
    for (const { shapes } of groups) {
      for (const shape of shapes) entries.push(...shape.entries.values());
    }
    for (const entry of entries) this.drop(entry);
    return entries.length;
  }

  #groupOf(place: EntryPlace): Group {
    const known = this.#groups.get(place.key);
    if (known !== undefined) return known;
    const group: Group = { place, shapes: [], count: 0 };
    this.#groups.set(place.key, group);
    const sameUri = this.#byUri.get(place.uri) ?? new Set();
    this.#byUri.set(place.uri, sameUri.add(group));
    return group;
  }

  #dropGroup(group: Group): void {
    this.#groups.delete(group.place.key);
    const sameUri = this.#byUri.get(group.place.uri);
    sameUri?.delete(group);
    if (sameUri?.size === 0) this.#byUri.delete(group.place.uri);
  }

  #add(entry: Entry): void {
    const group = this.#groupOf(entry.place);
    shapeOf(group, entry.terms.vary).entries.set(entry.variant, entry);
    group.count += 1;
    this.#order.add(entry);
    this.#bytes += entry.bytes;
    for (const tag of entry.tags) {
      const tagged = this.#byTag.get(tag) ?? new Set();
      this.#byTag.set(tag, tagged.add(entry));
    }
  }

  #touch(entry: Entry): void {
    this.#order.delete(entry);
    this.#order.add(entry);
  }

  #dropOldestOf(key: string): void {
    for (const entry of this.#order) {
      if (entry.place.key !== key) continue;
      this.drop(entry);
      return;
    }
  }

  #shrink(): void {
    for (const entry of this.#order) {
      if (this.#bytes <= this.#bytesMax) return;
      this.drop(entry);
    }
  }
}

function shapeOf(group: Group, vary: readonly string[]): Group["shapes"][number] {
  const known = group.shapes.find(
    (each) => each.vary.length === vary.length && each.vary.every((name, at) => name === vary[at]),
  );
  if (known !== undefined) return known;
  const shape = { vary, entries: new Map<string, Entry>() };
  group.shapes.push(shape);
  return shape;
}

function isMeant(what: Exclude<Purge, { kind: "tags" | "uris" }>, place: EntryPlace): boolean {
  switch (what.kind) {
    case "all":
      return true;
    case "api":
      return place.api === what.api;
    case "path":
      if (what.api !== undefined && what.api !== place.api) return false;
      return what.path.endsWith("*")
        ? place.path.startsWith(what.path.slice(0, -1))
        : place.path === what.path;
  }
}
