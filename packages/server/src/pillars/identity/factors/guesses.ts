import type { TotpRow } from "./tables.ts";

const FIRST_WAIT_MS = 30_000;
const WAIT_MAX_MS = 3_600_000;
/** After so long without a wrong code the count begins anew. */
const REST_MS = 86_400_000;

/** How much was guessed at one person's codes. */
export type Guesses = Pick<TotpRow, "failures" | "failed_at" | "waits_until">;

/** None. */
export const noGuesses: Guesses = { failures: 0, failed_at: 0, waits_until: 0 };

/** One wrong code more. From `free` on each makes the next try wait, twice as long as the one before. */
export function oneMore(before: Guesses, nowMs: number, free: number): Guesses {
  const isRested = nowMs - before.failed_at > REST_MS;
  const failures = (isRested ? 0 : before.failures) + 1;
  const over = failures - free;
  const waitMs = over < 0 ? 0 : Math.min(WAIT_MAX_MS, FIRST_WAIT_MS * 2 ** Math.min(over, 20));
  return { failures, failed_at: nowMs, waits_until: waitMs === 0 ? 0 : nowMs + waitMs };
}

/** Milliseconds that a further try has to wait. */
export function waitOf({ waits_until: until }: Guesses, nowMs: number): number {
  // A clock that was set back must not lock anybody out for longer than the longest wait.
  return Math.min(WAIT_MAX_MS, Math.max(0, until - nowMs));
}
