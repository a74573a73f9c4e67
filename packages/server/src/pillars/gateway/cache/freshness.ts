import type { RequestDirectives } from "./directives.ts";
import type { StoreTerms } from "./judge.ts";

/** What is to be done with a stored reply that fits a request. */
export type Use =
  /** Served as it is; `isStale` when its time is over and the caller said that he takes it. */
  | { readonly kind: "serve"; readonly isStale: boolean }
  /** Served, and fetched anew behind the caller's back (RFC 5861 §3). */
  | { readonly kind: "serveAndRefresh" }
  /** The upstream is asked first. */
  | { readonly kind: "validate" };

const FRESH: Use = { kind: "serve", isStale: false };
const STALE: Use = { kind: "serve", isStale: true };
const REFRESH: Use = { kind: "serveAndRefresh" };
const VALIDATE: Use = { kind: "validate" };

/** Decides by age and by what the caller asks for (RFC 9111 §4.2, §5.2.1). */
export function useOf(terms: StoreTerms, ageMs: number, asked: RequestDirectives): Use {
  if (asked.noCache || terms.alwaysValidates) return VALIDATE;
  const leftMs = terms.lifetimeMs - ageMs;
  const isFresh = leftMs > 0;
  if (isTooOld(asked.maxAgeMs, ageMs) && !(terms.immutable && isFresh)) return VALIDATE;
  if (asked.minFreshMs !== undefined && leftMs < asked.minFreshMs) return VALIDATE;
  if (isFresh) return FRESH;
  if (-leftMs < terms.staleWhileRevalidateMs) return REFRESH;
  if (terms.mayBeStale && asked.maxStaleMs !== undefined && -leftMs <= asked.maxStaleMs)
    return STALE;
  return VALIDATE;
}

/** `max-age=0` asks for an answer of now, however young the stored one is. */
function isTooOld(maxAgeMs: number | undefined, ageMs: number): boolean {
  return maxAgeMs !== undefined && (maxAgeMs === 0 || ageMs > maxAgeMs);
}

/** True when a reply may stand in for an upstream that fails (RFC 5861 §4). Never for a caller who asked for a validated one. */
export function maySave(terms: StoreTerms, ageMs: number, asked: RequestDirectives): boolean {
  if (asked.noCache || terms.alwaysValidates || terms.staleIfErrorMs === 0) return false;
  return ageMs - terms.lifetimeMs < terms.staleIfErrorMs;
}
