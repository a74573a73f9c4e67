import { job } from "portico/kernel";
import type { Clock } from "portico/kernel";
import { Type } from "typebox";
import { sweepBrakes } from "./brakes.ts";
import { sweepLinks } from "./links.ts";

/** Few enough that no writer waits for it. */
const BATCH = 500;
const PAUSE_MS = 50;
const RUN_MS = 600_000;

/** Deletes links that are too old and counts of guesses that are forgiven, some at a time with pauses between. */
export const sweepPeople = job({
  input: Type.Object({}),
  timeoutMs: RUN_MS,
  run: async ({ ctx, origin, signal, progress }) => {
    let done = 0;
    for (const sweep of [sweepLinks, sweepBrakes]) {
      for (let count = BATCH; count === BATCH && !signal.aborted;) {
        const nowMs = Math.floor(ctx.clock.now());
        count = await ctx.store.transaction({ scope: "instance", origin }, (tx) =>
          sweep(tx, { nowMs, limit: BATCH }),
        );
        done += count;
        progress({ done, note: "rows deleted" });
        if (count === BATCH) await pause(ctx.clock);
      }
    }
  },
});

function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => void clock.after(PAUSE_MS, resolve));
}
