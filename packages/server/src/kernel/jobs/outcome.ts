import type { JobOutcome, WithOutcome } from "../contract/index.ts";

/** What the end of a run came to. */
export type Settled = "done" | "retry" | "snooze" | "fail" | "quarantine" | "lost";

/** How a run ended, or that there is none: the job is set aside for the processes it has outlived. */
export type Outcome =
  JobOutcome | { readonly kind: "quarantine"; readonly error: string; readonly with?: WithOutcome };
