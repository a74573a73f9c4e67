import { job, Jobs, Schedules } from "portico/kernel";
import { Type } from "typebox";
import { settingsOf } from "./settings.ts";

const DAY_MS = 86_400_000;
/** Few enough that no writer waits for it: some ten milliseconds on SQLite. */
const BATCH = 500;
const PAUSE_MS = 50;
const RUN_MS = 600_000;

/** Deletes ended jobs and past ticks that were kept long enough, some at a time with pauses between. */
export const sweep = job({
  input: Type.Object({}),
  timeoutMs: RUN_MS,
  run: async ({ ctx, signal, progress }) => {
    const before = ctx.clock.now() - settingsOf(ctx).keepDays * DAY_MS;
    let done = 0;
    for (const face of [ctx.get(Jobs), ctx.get(Schedules)]) {
      for (let count = BATCH; count === BATCH && !signal.aborted;) {
        count = await face.forget({ before, limit: BATCH });
        done += count;
        progress({ done, note: "rows deleted" });
        if (count === BATCH) await pause(ctx.clock);
      }
    }
  },
});

function pause(clock: { after(ms: number, run: () => void): () => void }): Promise<void> {
  return new Promise((resolve) => void clock.after(PAUSE_MS, resolve));
}
