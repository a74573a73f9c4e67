import type { RequestDecision } from "portico/kernel";
import type { BodySamples } from "./body-samples.ts";
import type { Attempt } from "./upstream/index.ts";
import type { ChainLink } from "./versions/chain.ts";
import type { VersionSource } from "./versions/route-version.ts";

/** What a call went through, for the request log and `explain`. Numbers and references: it is made for every call. */
export interface CallNotes {
  /** Monotonic ms when the call was handed to the upstream's pool; 0 when it never was. */
  upstreamAtMs: number;
  /** Monotonic ms when the head of the reply was there; 0 when none came. */
  repliedAtMs: number;
  /** Bytes of the request's body that were forwarded. */
  bytesIn: number;
  /** What a group of upstreams tried, when there is one. */
  attempts: Attempt[] | undefined;
  /** Bytes of the reply's body as handed to the caller's connection. */
  bytesOut: number;
  /** Fields of the reply as they were written, name, value, …; undefined for problems. */
  replyHeaders: readonly string[] | undefined;
  /** What the cache did, in a word; null where the route has none. */
  cache: string | null;
  /** What features decided, in order; undefined until one has something to tell (`note`). */
  decisions: RequestDecision[] | undefined;
  /** The beginnings of both bodies, where this call was drawn for the sample. */
  samples: BodySamples | undefined;
  /** How the version was chosen; undefined where there is none to choose. */
  versionFrom: VersionSource | undefined;
  /** The version changes that the request went through, oldest first. */
  versionChanges: readonly ChainLink[] | undefined;
  /** What broke, behind an answer of ours from 500 on. */
  error: unknown;
}

/** Notes of a call that has just come. */
export function blankNotes(): CallNotes {
  return {
    upstreamAtMs: 0,
    repliedAtMs: 0,
    bytesIn: 0,
    attempts: undefined,
    bytesOut: 0,
    replyHeaders: undefined,
    cache: null,
    decisions: undefined,
    samples: undefined,
    versionFrom: undefined,
    versionChanges: undefined,
    error: undefined,
  };
}

/**
 * Adds what a feature decided about a call. Only for features that a route uses: route, key, permission, limit and
 * upstream are told by the call itself.
 *
 * @example
 * note(call.notes, { step: "version", outcome: "chosen", facts: { version: "2", by: "pin" } });
 */
export function note(notes: CallNotes, decision: RequestDecision): void {
  if (notes.decisions === undefined) notes.decisions = [decision];
  else notes.decisions.push(decision);
}
