import type { Buffer } from "node:buffer";
import { fieldOf, withoutFields } from "../fields.ts";
import { toHttpDate } from "./http-date.ts";
import type { StoreTerms } from "./judge.ts";

/** Where a reply belongs: whose it is, and of what. */
export interface EntryPlace {
  /** Organization, API and version, scheme, host, target: everything but what `Vary` names. */
  readonly key: string;
  readonly api: string;
  /** API, host and target, whoever's: for invalidation. */
  readonly uri: string;
  /** The path as callers send it, for purges. */
  readonly path: string;
}

/** A reply as it is kept. It is replaced whole, never changed. */
export interface Entry {
  readonly place: EntryPlace;
  /** What the request had for the fields of `terms.vary`. */
  readonly variant: string;
  readonly terms: StoreTerms;
  readonly status: number;
  readonly reason: string;
  /** Name, value, …; without `Age`, with `Date` and `Content-Length`. Copied before it is sent. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  readonly dateMs: number;
  /** Monotonic ms. */
  readonly storedAtMs: number;
  readonly tags: readonly string[];
  /** What it counts for, bodies packed for callers not included. */
  readonly bytes: number;
  /** Monotonic ms until which somebody is fetching it anew. */
  refreshingUntilMs: number;
  /** Monotonic ms until which the upstream is spared, since it has just failed. */
  failingUntilMs: number;
  /** The body in codings that callers asked for, packed once. */
  readonly packed: Map<string, Buffer>;
}

/** What an entry is made of. */
export interface EntryDraft {
  readonly place: EntryPlace;
  readonly variant: string;
  readonly terms: StoreTerms;
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly storedAtMs: number;
  /** Of the route, besides those that the reply names. */
  readonly tags: readonly string[];
}

/** Objects, maps and lists around one entry, as measured on Node 26: about a kilobyte. */
const OVERHEAD_BYTES = 1_024;
const TAGS_MAX = 64;
const TAG_LENGTH_MAX = 256;
const NOT_KEPT = ["age", "cache-status", "x-request-id", "ratelimit", "ratelimit-policy"];
const BODILESS = new Set([204, 205, 304]);

/** Makes the entry of a reply. */
export function makeEntry(draft: EntryDraft): Entry {
  const { place, variant, terms, status, reason, body, storedAtMs } = draft;
  const headers = withoutFields(draft.headers, new Set([...NOT_KEPT, ...terms.omitted]));
  if (fieldOf(headers, "date") === undefined) headers.push("Date", toHttpDate(terms.dateMs));
  if (!BODILESS.has(status) && fieldOf(headers, "content-length") === undefined) {
    headers.push("Content-Length", String(body.length));
  }
  const text = headers.reduce((sum, each) => sum + each.length, place.key.length + variant.length);
  return {
    place,
    variant,
    terms,
    status,
    reason,
    headers,
    body,
    etag: fieldOf(headers, "etag"),
    lastModified: fieldOf(headers, "last-modified"),
    dateMs: terms.dateMs,
    storedAtMs,
    tags: [...new Set([...draft.tags, ...tagsOf(headers)])],
    bytes: body.length + text * 2 + OVERHEAD_BYTES,
    refreshingUntilMs: 0,
    failingUntilMs: 0,
    packed: new Map(),
  };
}

/** How old a reply is now, in ms (RFC 9111 §4.2.3). */
export function ageOf({ terms, storedAtMs }: Entry, nowMs: number): number {
  return terms.initialAgeMs + Math.max(0, nowMs - storedAtMs);
}

/** Tags that the application gave a reply: `Cache-Tag: a, b` and `Surrogate-Key: a b`. */
function tagsOf(headers: readonly string[]): readonly string[] {
  const listed = (fieldOf(headers, "cache-tag") ?? "").split(",");
  const spaced = (fieldOf(headers, "surrogate-key") ?? "").split(/[\s,]+/);
  return [...listed, ...spaced]
    .map((each) => each.trim())
    .filter((each) => each !== "" && each.length <= TAG_LENGTH_MAX)
    .slice(0, TAGS_MAX);
}
