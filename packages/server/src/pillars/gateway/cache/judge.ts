import { fieldOf } from "../fields.ts";
import { replyDirectives } from "./directives.ts";
import type { ReplyDirectives } from "./directives.ts";
import { parseHttpDate } from "./http-date.ts";
import { variesBy } from "./policy.ts";
import type { CachePolicy } from "./policy.ts";

/** On what terms a reply is kept. Times in ms. */
export interface StoreTerms {
  /** How long it is fresh, counted from its birth at the origin. */
  readonly lifetimeMs: number;
  /** How old it was when it arrived (RFC 9111 §4.2.3). */
  readonly initialAgeMs: number;
  readonly dateMs: number;
  /** Not to be used before the upstream said that it is still right. */
  readonly alwaysValidates: boolean;
  readonly immutable: boolean;
  /** How long after its freshness it may still be served while it is fetched anew; 0: not. */
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  /** True when it may be served stale to a caller who says that he takes it. */
  readonly mayBeStale: boolean;
  readonly vary: readonly string[];
  /** Lower-case names of fields that are not kept. */
  readonly omitted: readonly string[];
}

/** What a reply is judged by. */
export interface JudgedReply {
  readonly status: number;
  readonly headers: readonly string[];
}

/** What else decides. */
export interface JudgeContext {
  readonly policy: CachePolicy;
  /** The request carried a credential, be it ours or the application's (RFC 9111 §3.5). */
  readonly hasCredential: boolean;
  readonly nowMs: number;
  /** From sending the request to the reply's head. */
  readonly delayMs: number;
}

/** Statuses whose replies may be kept for a while that nobody named (RFC 9110 §15.1). */
const HEURISTIC: ReadonlySet<number> = new Set([
  200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501,
]);
/** Statuses that the route's `ttlMs` counts for when `statuses` does not name any. */
const WITH_TTL: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308, 410]);
/** 206 and 304 are parts of a reply; 429 is forbidden (RFC 6585 §4). */
const NEVER: ReadonlySet<number> = new Set([206, 304, 429]);
/** Statuses that RFC 9110 defines: for `must-understand` (RFC 9111 §5.2.2.3). */
const UNDERSTOOD: ReadonlySet<number> = new Set([
  200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 305, 307, 308, 400, 401, 402, 403, 404, 405,
  406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 426, 500, 501, 502, 503,
  504, 505,
]);
const HEURISTIC_MAX_MS = 86_400_000;
const AGE = /^\d+$/;
/** Fields aimed at caches such as ours, which then count instead of `Cache-Control` and `Expires`: RFC 9213 and its ancestor. */
const TARGETED = ["cdn-cache-control", "surrogate-control"];

/** Decides whether a reply to a GET may be kept, and how. A sentence's end says why not: "says no-store". */
export function judge(reply: JudgedReply, context: JudgeContext): StoreTerms | string {
  const { policy, hasCredential, nowMs, delayMs } = context;
  const { status, headers } = reply;
  const { directives, isTargeted } = directivesOf(headers);
  const objection = objectionTo(reply, directives, policy);
  if (objection !== undefined) return objection;
  const isShared =
    directives.isPublic || directives.sMaxAgeMs !== undefined || directives.mustRevalidate;
  if (hasCredential && !isShared && !policy.sharesAuthorized) {
    return "answers a caller with a credential and does not say that it is public";
  }
  const vary = variesBy(fieldOf(headers, "vary"), policy.vary);
  if (vary === undefined) return "varies by what no request tells";
  const dateMs = dateOf(headers, nowMs);
  const ageMs = ageOf(headers);
  const facts = { status, headers, directives, isTargeted, dateMs, nowMs, policy };
  const lifetimeMs = ageMs === undefined ? 0 : lifetimeOf(facts);
  const apparentMs = Math.max(0, nowMs - dateMs);
  const initialAgeMs = Math.max(apparentMs, (ageMs ?? 0) + delayMs);
  const terms = {
    lifetimeMs,
    initialAgeMs,
    dateMs,
    alwaysValidates: directives.noCache,
    immutable: directives.immutable,
    ...staleTerms(directives, policy),
    vary,
    omitted: directives.omitted,
  };
  const isUsable = lifetimeMs > initialAgeMs && !terms.alwaysValidates;
  return isUsable || hasValidator(headers) ? terms : "is not fresh for any time";
}

function directivesOf(headers: readonly string[]): {
  readonly directives: ReplyDirectives;
  readonly isTargeted: boolean;
} {
  for (const name of TARGETED) {
    const field = fieldOf(headers, name);
    if (field === undefined) continue;
    // `;name` names another surrogate (W3C Edge Architecture §2.1).
    const directives = replyDirectives(field, (rest) => !/^;\s*[^\s=]+$/.test(rest));
    if (saysSomething(directives)) return { directives, isTargeted: true };
  }
  return {
    directives: replyDirectives(fieldOf(headers, "cache-control") ?? ""),
    isTargeted: false,
  };
}

function saysSomething(directives: ReplyDirectives): boolean {
  const { noStore, noCache, isPrivate, isPublic, maxAgeMs, sMaxAgeMs } = directives;
  return (
    noStore ||
    noCache ||
    isPrivate ||
    isPublic ||
    maxAgeMs !== undefined ||
    sMaxAgeMs !== undefined ||
    directives.mustRevalidate
  );
}

function objectionTo(
  { status, headers }: JudgedReply,
  { noStore, mustUnderstand, isPrivate }: ReplyDirectives,
  { statuses, storesCookies }: CachePolicy,
): string | undefined {
  if (NEVER.has(status)) return `has a status that is never stored (${status})`;
  if (statuses !== undefined && !statuses.has(status))
    return `has a status that is not asked for (${status})`;
  if (mustUnderstand && !UNDERSTOOD.has(status)) return "must be understood, and is not";
  if (noStore && !mustUnderstand) return "says no-store";
  if (isPrivate) return "says private";
  if (!storesCookies && fieldOf(headers, "set-cookie") !== undefined) return "sets a cookie";
  return undefined;
}

/**
 * Stale is out of the question for must-revalidate, proxy-revalidate and no-cache. `s-maxage` alone says so as well
 * (RFC 9111 §5.2.2.10), but not beside a stale-… of its own: whoever writes both means both.
 */
function staleTerms(
  directives: ReplyDirectives,
  policy: CachePolicy,
): Pick<StoreTerms, "staleWhileRevalidateMs" | "staleIfErrorMs" | "mayBeStale"> {
  const { mustRevalidate, proxyRevalidate, noCache, sMaxAgeMs } = directives;
  if (mustRevalidate || proxyRevalidate || noCache) return NEVER_STALE;
  const isStrict = sMaxAgeMs !== undefined;
  return {
    staleWhileRevalidateMs:
      directives.staleWhileRevalidateMs ?? (isStrict ? 0 : policy.staleWhileRevalidateMs),
    staleIfErrorMs: directives.staleIfErrorMs ?? (isStrict ? 0 : policy.staleIfErrorMs),
    mayBeStale: !isStrict,
  };
}
const NEVER_STALE = { staleWhileRevalidateMs: 0, staleIfErrorMs: 0, mayBeStale: false };

interface Facts {
  readonly status: number;
  readonly headers: readonly string[];
  readonly directives: ReplyDirectives;
  readonly isTargeted: boolean;
  readonly dateMs: number;
  readonly nowMs: number;
  readonly policy: CachePolicy;
}

/** RFC 9111 §4.2.1: s-maxage, max-age, Expires; then what the operator set; then the heuristic of §4.2.2. */
function lifetimeOf(facts: Facts): number {
  const { status, headers, directives, isTargeted, dateMs, nowMs, policy } = facts;
  const explicit = directives.sMaxAgeMs ?? directives.maxAgeMs;
  if (explicit !== undefined) return explicit;
  const expires = isTargeted ? undefined : fieldOf(headers, "expires");
  // A date that cannot be read has passed (RFC 9111 §5.3).
  if (expires !== undefined) return Math.max(0, (parseHttpDate(expires, nowMs) ?? 0) - dateMs);
  if (policy.ttlMs !== undefined && (policy.statuses ?? WITH_TTL).has(status)) return policy.ttlMs;
  if (policy.heuristicShare === 0 || !(HEURISTIC.has(status) || directives.isPublic)) return 0;
  const modified = fieldOf(headers, "last-modified");
  const modifiedMs = modified === undefined ? undefined : parseHttpDate(modified, nowMs);
  if (modifiedMs === undefined) return 0;
  return Math.min(HEURISTIC_MAX_MS, Math.max(0, (dateMs - modifiedMs) * policy.heuristicShare));
}

/** A reply without a readable Date was made now (RFC 9110 §6.6.1). */
function dateOf(headers: readonly string[], nowMs: number): number {
  const date = fieldOf(headers, "date");
  return (date === undefined ? undefined : parseHttpDate(date, nowMs)) ?? nowMs;
}

/** 0 without one; undefined when it cannot be read: then nobody knows how old the reply is. */
function ageOf(headers: readonly string[]): number | undefined {
  const age = fieldOf(headers, "age");
  if (age === undefined) return 0;
  return AGE.test(age) ? Number(age) * 1_000 : undefined;
}

/** True for a reply that the upstream can be asked about. */
function hasValidator(headers: readonly string[]): boolean {
  return fieldOf(headers, "etag") !== undefined || fieldOf(headers, "last-modified") !== undefined;
}
