import { Buffer } from "node:buffer";
import type { Call, ReplySink, ReplyStage } from "../call.ts";
import { fieldOf } from "../fields.ts";
import type { ReplyHead } from "../upstream/index.ts";
import type { CacheCall, CacheRoom } from "./cache-call.ts";
import { mergedFields } from "./conditional.ts";
import { makeEntry } from "./entry.ts";
import type { Entry } from "./entry.ts";
import { judge } from "./judge.ts";
import type { StoreTerms } from "./judge.ts";
import { CACHE } from "./parts.ts";
import { changedUris } from "./place.ts";
import { variantOf } from "./policy.ts";
import { giveUp, noteCache, serve, standIn } from "./serve.ts";

const SAFE = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);
/** Failures for which a stale reply may stand in (RFC 5861 §4). */
const FAILED = new Set([500, 502, 503, 504]);

const TOO_LARGE = "is larger than what is stored";

/** Keeps replies that may be kept, brings stored ones up to date, and drops what an unsafe call has changed. */
export function cacheStage(room: CacheRoom): ReplyStage {
  return {
    name: CACHE,
    wrap: (call, next) => {
      if (call.cache !== undefined) return new KeptReply({ room, call, next, cached: call.cache });
      return SAFE.has(call.front.request.method ?? "GET")
        ? next
        : new Invalidation(room, call, next);
    },
  };
}

interface KeptParts {
  readonly room: CacheRoom;
  readonly call: Call;
  readonly next: ReplySink;
  readonly cached: CacheCall;
}

/** A reply that will be kept, as far as it is there. */
interface Keeping {
  readonly terms: StoreTerms;
  readonly head: ReplyHead;
  readonly chunks: Buffer[];
  bytes: number;
}

/** The reply to a call that was looked up in the cache. */
class KeptReply implements ReplySink {
  readonly #parts: KeptParts;
  #keeping: Keeping | undefined;
  /** The caller has been answered with a stored reply: what still comes is for nobody. */
  #isServed = false;

  constructor(parts: KeptParts) {
    this.#parts = parts;
  }

  head(head: ReplyHead): void {
    if (this.#answersFromStore(head)) return;
    const terms = this.#consider(head);
    if (terms !== undefined) {
      // The next sink owns the fields that it is given.
      const own = { ...head, headers: head.headers.slice() };
      this.#keeping = { terms, head: own, chunks: [], bytes: 0 };
    }
    this.#pass(head, terms !== undefined);
    this.#parts.next.head(head);
  }

  chunk(bytes: Buffer): boolean {
    if (this.#isServed) return true;
    const keeping = this.#keeping;
    if (keeping !== undefined) {
      keeping.bytes += bytes.length;
      if (keeping.bytes > this.#parts.cached.policy.bytesMax) this.#letGo();
      else keeping.chunks.push(Buffer.from(bytes));
    }
    return this.#parts.next.chunk(bytes);
  }

  end(trailers: readonly string[]): void {
    if (this.#isServed) return;
    const keeping = this.#keeping;
    if (keeping !== undefined) {
      this.#keep(keeping.terms, keeping.head, Buffer.concat(keeping.chunks, keeping.bytes));
    }
    this.#parts.next.end(trailers);
  }

  whole(head: ReplyHead, body: Buffer): void {
    if (this.#answersFromStore(head)) return;
    const terms =
      body.length > this.#parts.cached.policy.bytesMax ? undefined : this.#consider(head);
    const isKept = terms !== undefined && this.#keep(terms, head, Buffer.from(body));
    if (!isKept) giveUp(this.#parts.room, this.#parts.cached, "alone");
    this.#pass(head, isKept);
    this.#parts.next.whole(head, body);
  }

  /** True when the upstream's reply is about a stored one, which is served instead. */
  #answersFromStore(head: ReplyHead): boolean {
    const { room, call, next, cached } = this.#parts;
    const { stale, isValidating } = cached;
    if (FAILED.has(head.status) && standIn(room, call, next)) {
      this.#isServed = true;
      call.proxied?.abandon();
      return true;
    }
    if (stale === undefined || !isValidating || head.status !== 304) return false;
    this.#isServed = true;
    const entry = this.#updated(stale, head.headers);
    const note = { kind: "forward", reason: cached.reason, status: 304 } as const;
    serve(call, next, { room, cached, entry, note });
    return true;
  }

  /** The stored reply with what a 304 says of it now (RFC 9111 §4.3.4). */
  #updated(stale: Entry, update: readonly string[]): Entry {
    const { room, cached } = this.#parts;
    const headers = mergedFields(stale.headers, update);
    const terms = this.#termsOf({ status: stale.status, headers: withAge(headers, update) });
    if (typeof terms === "string") {
      room.store.drop(stale);
      giveUp(room, cached, "alone");
      return makeEntry({ ...this.#draft(stale, headers), terms: stale.terms });
    }
    const entry = makeEntry({ ...this.#draft(stale, headers), terms });
    // A HEAD asks without an attempt of its own.
    const attempt = cached.attempt ?? room.store.attempt(cached.place);
    const isStored = room.store.put(attempt, entry);
    if (isStored)
      for (const [coding, body] of stale.packed) room.store.keepPacked(entry, coding, body);
    cached.attempt = undefined;
    cached.flight?.settle(isStored && isFresh(terms) ? "stored" : "alone");
    return entry;
  }

  #draft(
    { variant, status, reason, body }: Entry,
    headers: readonly string[],
  ): Omit<Parameters<typeof makeEntry>[0], "terms"> {
    const { room, cached } = this.#parts;
    const { tags } = cached.policy;
    const storedAtMs = room.monotonic();
    return { place: cached.place, variant, status, reason, headers, body, tags, storedAtMs };
  }

  /** On what terms the reply is kept; undefined when it is not, and then nobody waits for it any longer. */
  #consider(head: ReplyHead): StoreTerms | undefined {
    const { room, call, cached } = this.#parts;
    if (isHead(call)) this.#compareHead(head);
    if (cached.attempt === undefined) return undefined;
    const terms = this.#termsOf(head);
    if (typeof terms === "string" || head.contentLength > cached.policy.bytesMax) {
      cached.objection = typeof terms === "string" ? terms : TOO_LARGE;
      giveUp(room, cached, "alone");
      // The upstream has something else now, which is not to be kept.
      if (cached.stale?.status === head.status) room.store.drop(cached.stale);
      return undefined;
    }
    // Who waits can only use a reply that is still fresh when it is there.
    if (!isFresh(terms)) cached.flight?.settle("alone");
    return terms;
  }

  #termsOf(reply: {
    readonly status: number;
    readonly headers: readonly string[];
  }): StoreTerms | string {
    const { room, cached } = this.#parts;
    const { policy, hasCredential, sentAtMs } = cached;
    const delayMs = room.monotonic() - sentAtMs;
    return judge(reply, { policy, hasCredential, delayMs, nowMs: room.now() });
  }

  #keep(terms: StoreTerms, head: ReplyHead, body: Buffer): boolean {
    const { room, call, cached } = this.#parts;
    const { attempt, policy, place, flight } = cached;
    if (attempt === undefined) return false;
    cached.attempt = undefined;
    const { status, reason, headers } = head;
    const variant = variantOf(terms.vary, call.front.request.rawHeaders);
    const storedAtMs = room.monotonic();
    const draft = { place, variant, terms, status, reason, headers, body, storedAtMs };
    const isKept = room.store.put(attempt, makeEntry({ ...draft, tags: policy.tags }));
    flight?.settle(isKept ? "stored" : "alone");
    return isKept;
  }

  /** The body turned out too large. */
  #letGo(): void {
    this.#keeping = undefined;
    this.#parts.cached.objection = TOO_LARGE;
    giveUp(this.#parts.room, this.#parts.cached, "alone");
  }

  /** A HEAD that tells another revision than the stored one shows that it is out of date (RFC 9111 §4.3.5). */
  #compareHead({ status, headers, contentLength }: ReplyHead): void {
    const { room, cached } = this.#parts;
    const { stale } = cached;
    if (stale === undefined || status !== stale.status) return;
    const isSame =
      fieldOf(headers, "etag") === stale.etag &&
      fieldOf(headers, "last-modified") === stale.lastModified &&
      (contentLength < 0 || contentLength === stale.body.length);
    if (isSame) this.#updated(stale, headers);
    else room.store.drop(stale);
  }

  #pass(head: ReplyHead, isStored: boolean): void {
    const { call, cached } = this.#parts;
    const note = { kind: "forward", reason: cached.reason, status: head.status, isStored } as const;
    head.headers.push("Cache-Status", noteCache(call, note));
  }
}

/** What goes to the upstream counts: a refresh behind a HEAD is a GET. */
function isHead({ edits, front }: Call): boolean {
  return (edits?.method ?? front.request.method) === "HEAD";
}

function isFresh({ lifetimeMs, initialAgeMs, alwaysValidates }: StoreTerms): boolean {
  return lifetimeMs > initialAgeMs && !alwaysValidates;
}

/** `Age` of the 304 counts for how old the stored reply is now, but is no field of it. */
function withAge(headers: readonly string[], update: readonly string[]): readonly string[] {
  const age = fieldOf(update, "age");
  return age === undefined ? headers : [...headers, "Age", age];
}

/** The reply to an unsafe call: when it succeeded, what it has changed is no longer served (RFC 9111 §4.4). */
class Invalidation implements ReplySink {
  readonly #room: CacheRoom;
  readonly #call: Call;
  readonly #next: ReplySink;

  constructor(room: CacheRoom, call: Call, next: ReplySink) {
    this.#room = room;
    this.#call = call;
    this.#next = next;
  }

  head(head: ReplyHead): void {
    this.#invalidate(head);
    this.#next.head(head);
  }

  chunk(bytes: Buffer): boolean {
    return this.#next.chunk(bytes);
  }

  end(trailers: readonly string[]): void {
    this.#next.end(trailers);
  }

  whole(head: ReplyHead, body: Buffer): void {
    this.#invalidate(head);
    this.#next.whole(head, body);
  }

  #invalidate({ status, headers }: ReplyHead): void {
    if (status < 200 || status > 399) return;
    const named = [fieldOf(headers, "location"), fieldOf(headers, "content-location")];
    for (const uri of changedUris(this.#call, named)) {
      this.#room.store.invalidate(uri);
      this.#room.changed.add(this.#call.route.api.id, uri);
    }
  }
}
