import type { RequestDirectives } from "./directives.ts";
import type { ChangedUris } from "./announce.ts";
import type { Attempt, CacheStore } from "./store.ts";
import type { Entry, EntryPlace } from "./entry.ts";
import type { Flight, Flights } from "./flights.ts";
import type { CacheNote, ForwardReason } from "./cache-status.ts";
import type { CachePolicy } from "./policy.ts";

/** What one call has to do with the cache; made by the step where the call may be answered from it. */
export interface CacheCall {
  readonly place: EntryPlace;
  readonly policy: CachePolicy;
  readonly asked: RequestDirectives;
  /** The request carries a credential, ours or the application's (RFC 9111 §3.5). */
  readonly hasCredential: boolean;
  /** Why it goes on to the upstream. */
  reason: ForwardReason;
  /** A stored reply that the upstream is asked about, or that stands in when the upstream fails. */
  stale: Entry | undefined;
  /** The request's conditions are ours: a 304 is for us. */
  isValidating: boolean;
  /** Set while the reply may be stored. */
  attempt: Attempt | undefined;
  /** Set while others wait for this call. */
  flight: Flight | undefined;
  /** It has waited for another call, in vain. */
  hasWaited: boolean;
  /** What became of it in the end. */
  note: CacheNote | undefined;
  /** Why the reply was not stored, as a sentence's end. */
  objection: string | undefined;
  /** Monotonic ms when it was sent on. */
  sentAtMs: number;
  /** The reply that the caller is answered with, when it is a stored one: its body may be packed once for all. */
  served: Entry | undefined;
}

/** What the cache works with: one for all routes of a server. */
export interface CacheRoom {
  readonly store: CacheStore;
  /** Tells other processes what unsafe calls have changed. */
  readonly changed: Pick<ChangedUris, "add" | "settle">;
  readonly flights: Flights;
  readonly monotonic: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}
