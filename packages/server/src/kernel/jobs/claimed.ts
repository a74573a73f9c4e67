import type { Origin, SqlRow } from "../contract/index.ts";

/** One job in the run of this process. */
export interface ClaimedJob {
  readonly n: number;
  /** Fencing token of this run: every write about the job carries it. */
  readonly token: number;
  readonly id: string;
  readonly organization: string;
  readonly plugin: string;
  readonly name: string;
  /** JSON as it was enqueued. */
  readonly input: string;
  readonly key: string | null;
  readonly rank: number;
  /** Tries that ended before this one. */
  readonly attempt: number;
  readonly crashes: number;
  /** The schedule that made it. */
  readonly schedule: string | null;
  readonly createdAt: number;
  readonly origin: Origin;
}

/** A key of a job kind, whose runs are counted together. */
export interface JobKey {
  readonly organization: string;
  readonly plugin: string;
  readonly name: string;
  readonly key: string;
}

/** Reads what a claim returned. */
export function toClaimed(row: SqlRow): ClaimedJob {
  const key = row["key_name"] ?? null;
  const schedule = row["schedule"] ?? null;
  return {
    n: Number(row["n"]),
    token: Number(row["token"]),
    id: String(row["id"]),
    organization: String(row["organization"]),
    plugin: String(row["plugin"]),
    name: String(row["name"]),
    input: String(row["input"]),
    key: key === null ? null : String(key),
    rank: Number(row["rank"]),
    attempt: Number(row["attempt"]),
    crashes: Number(row["crashes"]),
    schedule: schedule === null ? null : String(schedule),
    createdAt: Number(row["created_at"]),
    origin: {
      actor: String(row["actor"]),
      cause: String(row["cause"]),
      trace: String(row["trace"]),
    },
  };
}

/** The key of a row, when it has one. */
export function keyOf(row: SqlRow): JobKey | undefined {
  const key = row["key_name"] ?? null;
  if (key === null) return undefined;
  return {
    organization: String(row["organization"]),
    plugin: String(row["plugin"]),
    name: String(row["name"]),
    key: String(key),
  };
}
