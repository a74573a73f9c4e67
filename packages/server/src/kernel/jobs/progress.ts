import type { Clock } from "../../base/index.ts";
import type { JobProgress } from "../contract/index.ts";
import type { DriverStatement } from "../store/index.ts";

/** Writes of one run's progress lie at least this far apart. */
const PAUSE_MS = 1_000;
const NOTE_MAX = 200;

/** What a run told of its progress: the newest is written now and then, and goes with the end of the run. */
export interface ProgressKeeper {
  tell(progress: JobProgress): void;
  /** What was told and is not stored yet, as it will be stored; undefined when there is nothing. */
  take(): string | undefined;
  /** Nothing is written any more. */
  stop(): void;
}

/** Makes the keeper of one run. `write` stores behind the fence and answers whether the run still has its job. */
export function createProgress(options: {
  readonly clock: Clock;
  readonly write: (json: string) => Promise<boolean>;
  readonly lost: () => void;
}): ProgressKeeper {
  const { clock, write, lost } = options;
  let pending: string | undefined;
  let cancel: (() => void) | undefined;
  let isStopped = false;
  const pause = (): void => {
    cancel = clock.after(PAUSE_MS, () => {
      cancel = undefined;
      flush();
    });
  };
  const flush = (): void => {
    if (pending === undefined || isStopped) return;
    const json = pending;
    pending = undefined;
    pause();
    write(json).then(
      (isOurs) => {
        if (!isOurs && !isStopped) lost();
      },
      () => {
        // The database is away: the newest is told again with the next, or with the end of the run.
        pending ??= json;
      },
    );
  };
  return {
    tell: (progress) => {
      if (isStopped) return;
      pending = JSON.stringify(seen(progress, clock.now()));
      if (cancel === undefined) flush();
    },
    take: () => {
      const json = pending;
      pending = undefined;
      return json;
    },
    stop: () => {
      isStopped = true;
      cancel?.();
    },
  };
}

function seen({ done, total, note }: JobProgress, at: number): Record<string, unknown> {
  return {
    done: count(done) ?? 0,
    total: count(total),
    note:
      note === undefined
        ? null
        : note.slice(0, NOTE_MAX).replaceAll("\u0000", "\uFFFD").toWellFormed(),
    at,
  };
}

function count(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? Math.max(0, value) : null;
}

/** The statement that stores it. Parameters of the fence: n and token. */
export function progressStatement(
  sql: string,
  json: string,
  fence: readonly number[],
): DriverStatement {
  return { sql, parameters: [json, ...fence], rows: 1 };
}
