import { capability } from "./capability.ts";
import type { StatisticCounts, StatisticQuery } from "./statistics.ts";
import type { Tx } from "./store.ts";

/** Where a job stands. `waiting`: its key has no free slot. `completed`: done, and kept since somebody may ask. */
export type JobState =
  | "delayed"
  | "waiting"
  | "ready"
  | "running"
  | "completed"
  | "failed"
  | "quarantined"
  | "cancelled";

/** A job as its organization sees it. Jobs that are done are gone, unless their definition or a schedule keeps them. */
export interface JobView {
  readonly id: string;
  readonly organization: string;
  readonly plugin: string;
  readonly name: string;
  readonly state: JobState;
  readonly key: string | null;
  /** 0 (first) to 9 (last). */
  readonly priority: number;
  /** Tries that ended. */
  readonly attempt: number;
  /** Processes that ended while they ran it, since it last came to an end of its own. */
  readonly crashes: number;
  /** What the last failure said. */
  readonly error: string | null;
  /** The newest that its run told; null when it told nothing. */
  readonly progress: SeenProgress | null;
  /** Of the input what the definition shows. */
  readonly input: Readonly<Record<string, unknown>>;
  /** The schedule that made it; null when none did. */
  readonly schedule: string | null;
  /** Milliseconds since 1970, UTC. */
  readonly createdAt: number;
  /** Not before this time; null for jobs that ended. */
  readonly runAt: number | null;
  /** When the newest run began; null when none did. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly actor: string;
  readonly cause: string;
  readonly trace: string;
}

/** What a run told, and when (milliseconds since 1970). */
export interface SeenProgress {
  readonly done: number;
  readonly total: number | null;
  readonly note: string | null;
  readonly at: number;
}

/** Which jobs of one organization a page holds: newest first, ended or not. */
export interface JobQuery {
  readonly organization: string;
  readonly state?: JobState;
  readonly plugin?: string;
  readonly name?: string;
  readonly key?: string;
  /** Id of the schedule that made them. */
  readonly schedule?: string;
  /** `createdAt` and `id` of the last job of the page before. */
  readonly before?: readonly [createdAt: number, id: string];
  /** At most 1,000. */
  readonly limit: number;
}

/** The jobs of an organization, whatever plugin they are of. */
export interface JobsFace {
  list(query: JobQuery): Promise<readonly JobView[]>;
  /** Throws `jobs.notFound`, also for a job that is done and not kept, and for one of another organization. */
  get(organization: string, id: string): Promise<JobView>;
  /**
   * Puts a job that ended badly or was cancelled back with fresh tries, within the transaction. Throws `jobs.notFound`,
   * also for a job of another organization, and `jobs.notEnded`.
   */
  retry(tx: Tx, id: string): Promise<JobView>;
  /**
   * Ends a job within the transaction, whatever its state. A run under way is aborted after the commit and writes nothing
   * more. A job that was cancelled before is left as it is. Throws `jobs.notFound`, `jobs.hasEnded`, `jobs.notCancellable`.
   */
  cancel(tx: Tx, id: string): Promise<JobView>;
  /** Deletes at most `limit` of the longest ended jobs of all organizations that ended before `before`; how many. */
  forget(options: { readonly before: number; readonly limit: number }): Promise<number>;
  /** Counts jobs that failed for good or were set aside, of those whose rows are kept, by the time of their end. */
  countFailed(query: StatisticQuery): Promise<StatisticCounts | undefined>;
}

/** `kernel.jobs@1`: the kernel's own capability; no plugin needs to be listed in `needs` for it. */
export const Jobs = capability<JobsFace>("kernel.jobs@1");
