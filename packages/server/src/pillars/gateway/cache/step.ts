import type { Call, Step } from "../call.ts";
import { raise } from "../errors.ts";
import { replyBehind } from "../reply.ts";
import type { CacheNote } from "./cache-status.ts";
import type { CacheCall } from "./cache-call.ts";
import { CACHE } from "./parts.ts";
import type { CacheStepParts } from "./parts.ts";
import { isForOrigin } from "./conditional.ts";
import { requestDirectives } from "./directives.ts";
import { ageOf } from "./entry.ts";
import type { Entry } from "./entry.ts";
import type { Outcome } from "./flights.ts";
import { maySave, useOf } from "./freshness.ts";
import { placeOf } from "./place.ts";
import { holdBack, validate } from "./prepare.ts";
import { refreshBehind } from "./refresh.ts";
import { giveUp, serve, standIn } from "./serve.ts";

/** Answers a call from the cache, or prepares it to be asked of the upstream (RFC 9111 §4). */
export function cacheStep(parts: CacheStepParts): Step {
  const step: Step = { name: CACHE, run: (call) => lookUp({ ...parts, step }, call) };
  return step;
}

interface LookUp extends CacheStepParts {
  readonly step: Step;
}

function lookUp(look: LookUp, call: Call): void | "answered" | Promise<void | "answered"> {
  const { request } = call.front;
  const { method, headers } = request;
  // A WebSocket begins as a GET, and is none.
  if ((method !== "GET" && method !== "HEAD") || call.upgradeHead !== undefined) return undefined;
  // A body of a GET may decide what is answered, and is no part of any key.
  const hasBody = !call.isRequestSent || (call.body?.length ?? 0) > 0;
  if (hasBody || isForOrigin(headers)) {
    call.notes.cache = "bypass";
    return undefined;
  }
  const cached: CacheCall = {
    place: placeOf(call, look.policy),
    policy: look.policy,
    asked: requestDirectives(headers["cache-control"], headers.pragma),
    hasCredential:
      call.caller.kind !== "anonymous" ||
      headers.authorization !== undefined ||
      headers["x-api-key"] !== undefined,
    reason: "uri-miss",
    stale: undefined,
    isValidating: false,
    attempt: undefined,
    flight: undefined,
    hasWaited: false,
    note: undefined,
    objection: undefined,
    sentAtMs: 0,
    served: undefined,
  };
  call.cache = cached;
  return decide(look, call, cached);
}

type Result = void | "answered" | Promise<void | "answered">;

function decide(look: LookUp, call: Call, cached: CacheCall): Result {
  const { room } = look;
  const { rawHeaders } = call.front.request;
  const { key, api } = cached.place;
  // It was held on its way here while the table was exchanged: its reply is of the old one's upstream and transforms.
  if (room.store.isOutdated(api, call.startedMs)) {
    call.cache = undefined;
    call.notes.cache = "bypass";
    return undefined;
  }
  if (cached.asked.noStore) {
    cached.reason = "request";
    return goOn(look, call, cached);
  }
  const entry = room.store.find(key, rawHeaders);
  if (entry !== undefined) {
    if (serveFrom(look, call, { cached, entry })) return "answered";
  } else {
    cached.reason = room.store.has(key) ? "vary-miss" : "uri-miss";
  }
  if (cached.asked.onlyIfCached) throw raise("gateway.notCached");
  if (call.front.request.method !== "GET" || call.front.request.headers.range !== undefined) {
    return goOn(look, call, cached);
  }
  return goOnTogether(look, call, cached);
}

interface Found {
  readonly cached: CacheCall;
  readonly entry: Entry;
}

/** True when the stored reply was served. */
function serveFrom(look: LookUp, call: Call, { cached, entry }: Found): boolean {
  const { room } = look;
  const nowMs = room.monotonic();
  const { terms } = entry;
  const ageMs = ageOf(entry, nowMs);
  const ttlMs = terms.lifetimeMs - ageMs;
  const use = useOf(terms, ageMs, cached.asked);
  if (use.kind === "validate") {
    cached.stale = entry;
    cached.reason = ttlMs > 0 && !terms.alwaysValidates ? "request" : "stale";
    // The upstream has just failed: it is not asked by everybody anew.
    if (nowMs >= entry.failingUntilMs || !maySave(terms, ageMs, cached.asked)) return false;
    const note = { kind: "hit", ttlMs, detail: "upstream-failed" } as const;
    serve(call, replyBehind(call, CACHE), { room, cached, entry, note });
    return true;
  }
  if (use.kind === "serveAndRefresh") refreshBehind(look, call, { cached, entry });
  const note: CacheNote = cached.hasWaited
    ? { kind: "forward", reason: cached.reason, isCollapsed: true }
    : { kind: "hit", ttlMs, ...(use.kind === "serve" ? {} : { detail: "refreshing" }) };
  serve(call, replyBehind(call, CACHE), { room, cached, entry, note });
  return true;
}

/** Waits for another call for the same, or is the one that others wait for. */
function goOnTogether(look: LookUp, call: Call, cached: CacheCall): Result {
  const { store, flights } = look.room;
  const key = store.variantKey(cached.place.key, call.front.request.rawHeaders);
  if (!cached.hasWaited) {
    const flight = flights.of(key);
    if (flight !== undefined)
      return flight.wait().then((how) => landed(look, call, { cached, how }));
    cached.flight = flights.begin(key);
  }
  return goOn(look, call, cached);
}

interface Landed {
  readonly cached: CacheCall;
  readonly how: Outcome;
}

function landed(look: LookUp, call: Call, { cached, how }: Landed): Result {
  if (call.front.response.destroyed) return undefined;
  cached.hasWaited = how !== "again";
  return decide(look, call, cached);
}

/** Prepares the call for the upstream: our conditions, and nothing in it that no key knows of. */
function goOn({ room }: LookUp, call: Call, cached: CacheCall): undefined {
  holdBack(call, cached.policy);
  if (cached.stale !== undefined) validate(call, cached, cached.stale);
  const isGet = call.front.request.method === "GET";
  if (isGet && !cached.asked.noStore) cached.attempt = room.store.attempt(cached.place);
  cached.sentAtMs = room.monotonic();
  call.rescue = () => {
    if (standIn(room, call, replyBehind(call, CACHE))) return true;
    cached.flight?.settle("alone");
    return false;
  };
  // Whatever ends the call lets others go; what it came to has settled it before.
  call.front.response.once("close", () => giveUp(room, cached));
  return undefined;
}
