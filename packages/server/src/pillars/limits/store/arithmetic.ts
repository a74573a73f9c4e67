import { gcraOf, tokensLeft, windowEnd, workedOffMs } from "../counters/index.ts";
import type { Reservation, Reserved } from "./limit-store.ts";

/** One count at rest. */
export interface Count {
  /** Of a fixed window: tokens. Of a bucket: debt in units of its GCRA. */
  readonly used: number;
  /** When a bucket's debt was true; milliseconds since 1970. */
  readonly at: number;
}

/** What a reservation makes of a count, and when the count may be forgotten. Every store decides by this. */
export function reserveFrom(
  count: Count | undefined,
  reservation: Reservation,
  nowMs: number,
): { readonly reserved: Reserved; readonly after: Count; readonly endsAt: number } {
  return reservation.window === undefined
    ? fromBucket(count, reservation, nowMs)
    : fromWindow(count, { ...reservation, window: reservation.window }, nowMs);
}

type Outcome = ReturnType<typeof reserveFrom>;

function fromWindow(
  count: Count | undefined,
  { policy, window, least, wanted }: Reservation & { readonly window: number },
  nowMs: number,
): Outcome {
  const used = count?.used ?? 0;
  const left = Math.max(0, policy.limit - used);
  const taken = left < least ? 0 : Math.min(left, wanted);
  const endsAt = windowEnd(policy, window);
  const waitMs = left < least ? Math.max(1, endsAt - nowMs) : 0;
  return {
    reserved: { taken, left: left - taken, waitMs },
    after: { used: used + taken, at: window },
    endsAt,
  };
}

/**
 * A reserved token is used up to `marginMs` after it was taken, and its debt is worked off from then on, not before. So the
 * debt of an idle bucket begins at that moment (`at` lies ahead, and the whole burst is still there), and the debt of a
 * busy one reaches at least up to it.
 */
function fromBucket(
  count: Count | undefined,
  { policy, least, wanted, marginMs }: Reservation,
  nowMs: number,
): Outcome {
  const gcra = gcraOf(policy);
  const before = count ?? { used: 0, at: 0 };
  // A clock that went back works nothing off twice.
  const since = Math.max(nowMs, before.at);
  const debt = Math.max(0, before.used - (since - before.at) * gcra.unitsPerMs);
  const left = tokensLeft(gcra, debt);
  const taken = left < least ? 0 : Math.min(left, wanted);
  const isIdle = debt === 0 && nowMs >= before.at;
  const at = isIdle && taken > 0 ? nowMs + marginMs : since;
  const ahead = Math.max(0, nowMs + marginMs - at) * gcra.unitsPerMs;
  const used = taken === 0 ? debt : Math.max(debt, ahead) + taken * gcra.unitsPerToken;
  const missing = debt + least * gcra.unitsPerToken - gcra.capacity;
  return {
    reserved: {
      taken,
      left: left - taken,
      waitMs: left < least ? Math.max(1, since - nowMs + workedOffMs(gcra, missing)) : 0,
    },
    after: { used, at },
    endsAt: at + workedOffMs(gcra, used),
  };
}

/** A count without tokens that no call has used. */
export function givenBack(count: Count, tokens: number): Count {
  return { ...count, used: Math.max(0, count.used - tokens) };
}
