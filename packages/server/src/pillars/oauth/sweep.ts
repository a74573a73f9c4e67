import { job } from "portico/kernel";
import { Type } from "typebox";
import { ModelStore } from "./models.ts";

const PAUSE_MS = 50;
const RUN_MS = 600_000;
const FULL = 1_000;

/** Deletes codes, tokens and interactions that have expired, at most 1,000 at a time with pauses between. */
export const sweep = job({
  input: Type.Object({}),
  timeoutMs: RUN_MS,
  run: async ({ ctx, signal, progress }) => {
    const models = new ModelStore(ctx, () => undefined);
    let done = 0;
    for (let count = FULL; count === FULL && !signal.aborted;) {
      count = await models.sweep();
      done += count;
      progress({ done, note: "rows deleted" });
      if (count === FULL) {
        await new Promise<void>((resolve) => void ctx.clock.after(PAUSE_MS, resolve));
      }
    }
  },
});
