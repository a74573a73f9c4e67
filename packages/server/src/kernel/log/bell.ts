import type { Clock } from "../../base/index.ts";

/** Wakes one loop. A ring before the wait is not lost. */
export interface Bell {
  ring(): void;
  /** Settles at the next ring, after `ms`, or when the signal aborts; never rejects. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Makes a bell; each waiting loop has its own. */
export function createBell(clock: Clock): Bell {
  let hasRung = false;
  let wake: (() => void) | undefined;
  return {
    ring: () => {
      hasRung = true;
      wake?.();
    },
    wait: (ms, signal) =>
      new Promise<void>((resolve) => {
        const end = (): void => {
          cancel();
          signal?.removeEventListener("abort", end);
          hasRung = false;
          wake = undefined;
          resolve();
        };
        const cancel = clock.after(ms, end);
        if (hasRung || signal?.aborted === true) return end();
        wake = end;
        signal?.addEventListener("abort", end, { once: true });
      }),
  };
}
