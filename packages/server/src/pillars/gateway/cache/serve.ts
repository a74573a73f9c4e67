import { Buffer } from "node:buffer";
import type { Call, ReplySink } from "../call.ts";
import { withoutFields } from "../fields.ts";
import { cacheStatusOf } from "./cache-status.ts";
import type { CacheNote } from "./cache-status.ts";
import { isNotModified, notModifiedFields } from "./conditional.ts";
import { ageOf } from "./entry.ts";
import type { Entry } from "./entry.ts";
import type { Outcome } from "./flights.ts";
import { maySave } from "./freshness.ts";
import { rangeOf } from "./range.ts";
import type { CacheCall, CacheRoom } from "./cache-call.ts";

/** What a stored reply is served with. */
export interface Serving {
  readonly room: CacheRoom;
  readonly cached: CacheCall;
  readonly entry: Entry;
  readonly note: CacheNote;
}

const EMPTY = Buffer.alloc(0);
const LENGTH: ReadonlySet<string> = new Set(["content-length"]);

/**
 * Answers a call with a stored reply: whole, the part that was asked for, or 304 to who has it (RFC 9111 §4). `sink` is what
 * stands behind the cache.
 */
export function serve(call: Call, sink: ReplySink, { room, cached, entry, note }: Serving): void {
  const { headers } = call.front.request;
  const own = (fields: string[]): string[] => {
    const seconds = Math.floor(ageOf(entry, room.monotonic()) / 1_000);
    fields.push("Age", String(seconds), "Cache-Status", noteCache(call, note));
    return fields;
  };
  const isSuccess = entry.status >= 200 && entry.status < 300;
  const isConditional =
    headers["if-none-match"] !== undefined || headers["if-modified-since"] !== undefined;
  if (isConditional && isSuccess && isNotModified(headers, entry, room.now())) {
    const fields = own(notModifiedFields(entry.headers));
    sink.whole({ status: 304, reason: "Not Modified", headers: fields, contentLength: 0 }, EMPTY);
    return;
  }
  if (headers.range !== undefined && entry.status === 200 && call.front.request.method === "GET") {
    if (servePart(call, sink, { entry, own })) return;
  }
  cached.served = entry;
  const { status, reason, body } = entry;
  const fields = own(entry.headers.slice());
  sink.whole({ status, reason, headers: fields, contentLength: body.length }, body);
}

interface Part {
  readonly entry: Entry;
  readonly own: (fields: string[]) => string[];
}

function servePart(call: Call, sink: ReplySink, { entry, own }: Part): boolean {
  const { body } = entry;
  const range = rangeOf(call.front.request.headers, body.length, entry);
  if (range === undefined) return false;
  const fields = own(withoutFields(entry.headers, LENGTH));
  if (range === "unsatisfiable") {
    fields.push("Content-Range", `bytes */${body.length}`, "Content-Length", "0");
    const head = {
      status: 416,
      reason: "Range Not Satisfiable",
      headers: fields,
      contentLength: 0,
    };
    sink.whole(head, EMPTY);
    return true;
  }
  const part = body.subarray(range.start, range.end + 1);
  const place = `bytes ${range.start}-${range.end}/${body.length}`;
  fields.push("Content-Range", place, "Content-Length", String(part.length));
  const head = {
    status: 206,
    reason: "Partial Content",
    headers: fields,
    contentLength: part.length,
  };
  sink.whole(head, part);
  return true;
}

/** Notes what the cache did with a call; answers the member of `Cache-Status` that says it. */
export function noteCache(call: Call, note: CacheNote): string {
  call.notes.cache = note.kind === "hit" ? "hit" : note.reason;
  if (call.cache !== undefined) call.cache.note = note;
  return cacheStatusOf(note);
}

/** How long after a failure the stale reply is served without asking the upstream again. */
const FAILING_MS = 1_000;

/** Answers with the stored reply that the upstream was asked about, now that it fails (RFC 5861 §4). False where none may. */
export function standIn(room: CacheRoom, call: Call, sink: ReplySink): boolean {
  const { cache: cached } = call;
  const entry = cached?.stale;
  if (cached === undefined || entry === undefined) return false;
  const nowMs = room.monotonic();
  const ageMs = ageOf(entry, nowMs);
  if (!maySave(entry.terms, ageMs, cached.asked)) return false;
  entry.failingUntilMs = nowMs + FAILING_MS;
  giveUp(room, cached, "stored");
  const ttlMs = entry.terms.lifetimeMs - ageMs;
  serve(call, sink, {
    room,
    cached,
    entry,
    note: { kind: "hit", ttlMs, detail: "upstream-failed" },
  });
  return true;
}

/** Ends what a call has under way: nothing of it is stored any more, and those who wait are let go. */
export function giveUp(room: CacheRoom, cached: CacheCall, outcome: Outcome = "again"): void {
  if (cached.attempt !== undefined) room.store.forget(cached.attempt);
  cached.attempt = undefined;
  cached.flight?.settle(outcome);
}
