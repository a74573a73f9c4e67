import type { Static, TSchema } from "typebox";
import type { PluginContext } from "./context.ts";
import type { Append } from "./store.ts";
import type { Origin } from "./trace.ts";

/** What a run of a job is given. */
export interface JobRun<TInput> {
  readonly ctx: PluginContext;
  readonly id: string;
  readonly organization: string;
  readonly input: TInput;
  /** 1 at the first try; crashes of the process are not counted here. */
  readonly attempt: number;
  readonly origin: Origin;
  /** Aborted when the job is cancelled, the time limit passes, the lease is lost, or the process stops. */
  readonly signal: AbortSignal;
  /**
   * Tells how far the run is, for whoever looks at the job. Stored at most once a second, the newest only, and behind the
   * run's fence: a run that no longer has its job learns it here and is aborted. Never throws, and may be called often.
   */
  readonly progress: (progress: JobProgress) => void;
}

/** How far a run is. */
export interface JobProgress {
  /** Units that are done, whatever they are; at least 0. */
  readonly done: number;
  /** How many there are altogether, once that is known. */
  readonly total?: number;
  /** A word for people; 200 characters are kept. Shown to the organization: nothing secret. */
  readonly note?: string;
}

/** A job that is set aside because the processes that ran it kept ending. */
export type SetAside<TInput> = Omit<JobRun<TInput>, "signal" | "attempt" | "progress"> & {
  /** What the job's row says of it. */
  readonly error: string;
};

/** What writes may go with the end of a run: one durable transaction, refused whole if the lease was lost. */
export type WithOutcome = (batch: Append) => void;

/**
 * When a job is run again. `afterMs` from now is kept whatever happens to a clock; `at` (ms since 1970) is a moment that
 * somebody named, by the database's clock on PostgreSQL and this machine's on SQLite.
 */
export type Again =
  | { readonly at: number; readonly afterMs?: never }
  | { readonly afterMs: number; readonly at?: never };

/**
 * How a run ended. `done`: gone from the table. `retry`: again when `Again` says, or by the definition's backoff; it
 * counts as an attempt. `fail`: no more tries. `snooze`: again without counting. A throw is a `retry` with its message.
 */
export type JobOutcome =
  | { readonly kind: "done"; readonly with?: WithOutcome }
  | ({ readonly kind: "retry"; readonly error: string; readonly with?: WithOutcome } & (
      Again | { readonly at?: never; readonly afterMs?: never }
    ))
  | ({ readonly kind: "snooze"; readonly with?: WithOutcome } & Again)
  | { readonly kind: "fail"; readonly error: string; readonly with?: WithOutcome };

/** A kind of work a plugin can enqueue. */
export interface JobDefinition<TInput extends TSchema = TSchema> {
  readonly input: TInput;
  /** Tries before the job is set aside as failed; 5 when left out. */
  readonly attempts?: number;
  /** Wait before try n+1, in ms; doubles from 1 s to 1 h with ±20 % jitter when left out. */
  readonly backoffMs?: (attempt: number) => number;
  /** A run longer than this is aborted and counts as failed; 30,000 when left out. */
  readonly timeoutMs?: number;
  /** Runs of one key at the same time, over all processes; unlimited when left out. */
  readonly concurrency?: number;
  /**
   * What the end of such a job leaves behind. `failures` (when left out): a job that is done is deleted; one that failed or
   * was quarantined is kept and told on the log as `job.failed` or `job.quarantined`. `everything`: one that is done is kept
   * too, until the retention passes, and told as `job.completed`: for work that somebody waits for. `nothing`: kept when it
   * ended badly, and told nowhere: for work that has events of its own, such as deliveries, whose failures would
   * otherwise be delivered and fail in turn.
   */
  readonly reports?: "nothing" | "failures" | "everything";
  /** Fields of the input that the organization is shown with the job. None when left out. */
  readonly shows?: readonly string[];
  /** False: the job belongs to rows of its plugin, which has its own way to end it; nobody cancels it as a job. */
  readonly cancellable?: boolean;
  /** The permission with which a caller may have it run by a schedule of its own. Left out: by the plugin only. */
  readonly callable?: string;
  run(run: JobRun<Static<TInput>>): Promise<JobOutcome | void>;
  /**
   * Called when the job is quarantined: the processes that ran it ended before it did, again and again. What it writes
   * goes into the transaction that sets the job aside, so that rows which wait for the job learn that it will not come.
   */
  quarantined?(job: SetAside<Static<TInput>>, batch: Append): void;
}

/** Declares a job with the type of its input carried through to `run`. */
export function job<TInput extends TSchema>(definition: JobDefinition<TInput>): JobDefinition {
  // The registry holds jobs of every input type; the engine validates the input before it calls `run`.
  return definition;
}
