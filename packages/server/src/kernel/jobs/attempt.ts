import type { Clock } from "../../base/index.ts";
import { errorText } from "../log/index.ts";
import type { ClaimedJob } from "./claimed.ts";
import { raiseJobs } from "./errors.ts";
import type { RegisteredJob } from "./registry.ts";
import type { ProgressKeeper } from "./progress.ts";
import type { Outcome } from "./outcome.ts";

const TIMEOUT_MS = 30_000;

/** Why a run was told to end. */
export type AbortReason = "timeout" | "lost" | "stop";

/** How a run ended for the engine: an outcome to write, or nothing to write. */
export type Ended =
  | {
      readonly kind: "outcome";
      readonly outcome: Outcome;
      /** What the run threw, where it did not end by itself. */
      readonly thrown?: unknown;
    }
  /** The process stops: given back uncounted. */
  | { readonly kind: "released" }
  /** Another run has the job, or it was cancelled. */
  | { readonly kind: "lost" };

/** Runs a job once. Never rejects; a run that ignores its signal is no longer listened to. */
export async function attempt(
  job: ClaimedJob,
  registered: RegisteredJob,
  run: {
    readonly clock: Clock;
    readonly abort: AbortController;
    readonly progress: ProgressKeeper;
  },
): Promise<Ended> {
  const { definition } = registered;
  const timeoutMs = definition.timeoutMs ?? TIMEOUT_MS;
  const { signal } = run.abort;
  const cancel = run.clock.after(timeoutMs, () => run.abort.abort("timeout" satisfies AbortReason));
  const aborted = new Promise<Ended>((resolve) => {
    signal.addEventListener("abort", () => resolve(afterAbort(signal.reason, timeoutMs)), {
      once: true,
    });
  });
  try {
    return await Promise.race([call(job, registered, run), aborted]);
  } finally {
    cancel();
    run.progress.stop();
  }
}

async function call(
  job: ClaimedJob,
  registered: RegisteredJob,
  { abort, progress }: { readonly abort: AbortController; readonly progress: ProgressKeeper },
): Promise<Ended> {
  try {
    const input: unknown = JSON.parse(job.input);
    const reason = registered.wrong(input);
    // Declared otherwise since it was enqueued: no later try will differ.
    if (reason !== undefined) {
      const problem = raiseJobs("jobs.badInput", { params: { job: job.name, reason } });
      return {
        kind: "outcome",
        outcome: { kind: "fail", error: errorText(problem) },
        thrown: problem,
      };
    }
    const outcome = await registered.definition.run({
      ctx: registered.ctx(),
      id: job.id,
      organization: job.organization,
      input,
      attempt: job.attempt + 1,
      origin: job.origin,
      signal: abort.signal,
      progress: (told) => progress.tell(told),
    });
    return { kind: "outcome", outcome: outcome ?? { kind: "done" } };
  } catch (error) {
    return {
      kind: "outcome",
      outcome: { kind: "retry", error: errorText(error) },
      thrown: error,
    };
  }
}

function afterAbort(reason: unknown, timeoutMs: number): Ended {
  if (reason === "stop") return { kind: "released" };
  if (reason === "lost") return { kind: "lost" };
  const problem = raiseJobs("jobs.timeout", { params: { ms: timeoutMs } });
  return {
    kind: "outcome",
    outcome: { kind: "retry", error: errorText(problem) },
    thrown: problem,
  };
}
