import { setImmediate } from "node:timers/promises";
import type { Clock } from "portico/kernel";

/** Longest time for which building a table may keep requests waiting. */
const PIECE_MS = 0.25;

/** Work that stops after each of its steps to be gone on with. */
export type Pieces<TValue> = Generator<undefined, TValue>;

/** Does the work in pieces of a quarter of a millisecond, between which requests are served. */
export async function inPieces<TValue>(
  work: Pieces<TValue>,
  { monotonic }: Pick<Clock, "monotonic">,
): Promise<TValue> {
  let startedMs = monotonic();
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
    if (monotonic() - startedMs < PIECE_MS) continue;
    await setImmediate();
    startedMs = monotonic();
  }
}

/** Does the work without a pause, where a transaction waits for it. */
export function atOnce<TValue>(work: Pieces<TValue>): TValue {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}
