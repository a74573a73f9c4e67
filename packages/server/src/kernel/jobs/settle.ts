import { isProblem } from "../../base/index.ts";
import type { Clock } from "../../base/index.ts";
import type { JobDefinition, Logger, WithOutcome } from "../contract/index.ts";
import { errorText } from "../log/index.ts";
import type { DriverStatement, StoreHub } from "../store/index.ts";
import type { ClaimedJob } from "./claimed.ts";
import { endEvent } from "./events.ts";
import type { EndEvent } from "./events.ts";
import type { Outcome, Settled } from "./outcome.ts";
import { progressStatement } from "./progress.ts";
import type { JobStatements } from "./statements.ts";

const ATTEMPTS = 5;
const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_MAX_MS = 3_600_000;
const TROUBLE_MS = 200;
/** Of the unknown one, the fence knows the outcome at the next try. */
const AWAY = new Set(["store.unavailable", "store.outcomeUnknown"]);

/** What settling needs. */
export interface SettleOptions {
  readonly hub: StoreHub;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly statements: JobStatements;
  /** From 0 (inclusive) to 1. */
  readonly random: () => number;
  readonly doneMany: (job: ClaimedJob) => Promise<void>;
  readonly sequels: Sequels;
}

/** What else becomes true with the end of a job. */
export interface Sequels {
  /** Type of the event that a job's thread names as its cause; undefined when it is none, or gone. */
  causeType(organization: string, cause: string): Promise<string | undefined>;
  /** For a job that a schedule made: what the schedule writes about its end. */
  endOfScheduled(schedule: string, end: "done" | "failed"): readonly DriverStatement[];
}

interface Ending {
  readonly job: ClaimedJob;
  /** Undefined when this process does not know the job. */
  readonly definition: JobDefinition | undefined;
  readonly outcome: Outcome;
  /** What the run told last of its progress, where it is not stored yet. */
  readonly progress: string | undefined;
}

/**
 * Writes how a run ended: the job's row and what goes with the outcome in one batch, whose first statement is the
 * fence. Tries until the database takes it; `lost` when another run has the job.
 */
export async function settle(options: SettleOptions, ending: Ending): Promise<Settled> {
  for (;;) {
    try {
      return await write(options, ending);
    } catch (error) {
      const isAway = isProblem(error) && AWAY.has(error.code);
      if (!isAway && !(await isOurs(options, ending.job))) return "lost";
      if (!isAway && ending.outcome.with !== undefined) {
        return settle(options, { ...ending, outcome: withoutWrites(ending.outcome, error) });
      }
      options.logger.warn({ error, job: ending.job.id }, "A job's end was not stored yet.");
      await new Promise<void>((resolve) => void options.clock.after(TROUBLE_MS, resolve));
    }
  }
}

/** What went with the outcome was refused, not the outcome: a run as a whole has failed, a job is set aside all the same. */
function withoutWrites(outcome: Outcome, error: unknown): Outcome {
  return outcome.kind === "quarantine"
    ? { kind: "quarantine", error: `${outcome.error} (${errorText(error)})` }
    : { kind: "retry", error: errorText(error) };
}

async function write(options: SettleOptions, ending: Ending): Promise<Settled> {
  const { job, outcome } = ending;
  if (outcome.kind === "done" && outcome.with === undefined && !isKept(ending)) {
    await options.doneMany(job);
    return "done";
  }
  const { settled, statements } = await change(options, ending);
  const end = settled === "done" ? "done" : isSetAside(settled) ? "failed" : undefined;
  const ofSchedule =
    job.schedule === null || end === undefined
      ? []
      : options.sequels.endOfScheduled(job.schedule, end);
  const event = end === undefined ? undefined : await tellable(options, ending, settled);
  await append(options, {
    job,
    statements: [...ofProgress(options, ending), ...statements, ...ofSchedule],
    event,
    with: outcome.with,
  });
  return settled;
}

/** Whether a job that is done stays to be looked at. */
function isKept({ job, definition }: Ending): boolean {
  return definition?.reports === "everything" || job.schedule !== null;
}

function isSetAside(settled: Settled): boolean {
  return settled === "fail" || settled === "quarantine";
}

function ofProgress({ statements }: SettleOptions, { job, progress }: Ending): DriverStatement[] {
  const { n, token } = job;
  return progress === undefined
    ? []
    : [progressStatement(statements.progress, progress, [n, token])];
}

/** The event of an end, unless the job tells none or was itself caused by such an event: those would never end. */
async function tellable(
  { sequels }: SettleOptions,
  ending: Ending,
  settled: Settled,
): Promise<EndEvent | undefined> {
  const event = endEvent(ending, settled);
  if (event === undefined) return undefined;
  const { organization, origin } = ending.job;
  const cause = await sequels.causeType(organization, origin.cause);
  return cause?.startsWith("job.") === true ? undefined : event;
}

async function append(
  { hub }: SettleOptions,
  ending: {
    readonly job: ClaimedJob;
    readonly statements: readonly DriverStatement[];
    readonly event: EndEvent | undefined;
    readonly with: WithOutcome | undefined;
  },
): Promise<void> {
  const { job } = ending;
  const scope = { organization: job.organization };
  const origin = { ...job.origin, cause: job.id };
  await hub.append({ scope, origin }, (session) => {
    for (const statement of ending.statements) session.add(statement);
    if (ending.event !== undefined) {
      const { type, data } = ending.event;
      session.as("jobs", scope).emit(type, data, { subject: job.id });
    }
    ending.with?.(session.as(job.plugin, scope));
  });
}

/** The change of the job's own row. Its first statement is the fence. */
async function change(
  { hub, statements, random }: SettleOptions,
  ending: Ending,
): Promise<{ readonly settled: Settled; readonly statements: readonly DriverStatement[] }> {
  const { job, definition, outcome } = ending;
  const fence = [job.n, job.token];
  const remove = { sql: statements.done, parameters: fence, rows: 1 };
  if (outcome.kind === "done" && !isKept(ending)) return { settled: "done", statements: [remove] };
  const now = await hub.driver.now();
  const tries = job.attempt + 1;
  const keep = (sql: string, error: string | null): DriverStatement => ({
    sql,
    parameters: [now, error === null ? null : errorText(error), ...fence],
    rows: 1,
  });
  if (outcome.kind === "done") {
    return { settled: "done", statements: [keep(statements.complete, null), remove] };
  }
  if (outcome.kind === "quarantine") {
    const statement = keep(statements.quarantine, outcome.error);
    return { settled: "quarantine", statements: [statement, remove] };
  }
  if (
    outcome.kind === "fail" ||
    (outcome.kind === "retry" && tries >= (definition?.attempts ?? ATTEMPTS))
  ) {
    return { settled: "fail", statements: [keep(statements.fail, outcome.error), remove] };
  }
  const isRetry = outcome.kind === "retry";
  const at = outcome.at ?? now + (outcome.afterMs ?? backoff(definition, tries, random));
  const error = isRetry ? errorText(outcome.error) : null;
  // A run that came to its end clears the job of what happened before; where nobody knew the job, none did.
  const keptCrashes = definition === undefined ? 1 : 0;
  const parameters = [at, at, isRetry ? 1 : 0, keptCrashes, error, ...fence];
  return {
    settled: outcome.kind,
    statements: [{ sql: statements.again, parameters, rows: 1 }],
  };
}

/** Wait before try `tries + 1`: the definition's own, or 1 s doubling to 1 h, each ±20 %. */
function backoff(
  definition: JobDefinition | undefined,
  tries: number,
  random: () => number,
): number {
  if (definition?.backoffMs !== undefined) return definition.backoffMs(tries);
  const middle = Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(tries - 1, 30), BACKOFF_MAX_MS);
  return Math.round(middle * (0.8 + 0.4 * random()));
}

async function isOurs({ hub, statements }: SettleOptions, job: ClaimedJob): Promise<boolean> {
  const found = await hub.driver.query({
    sql: statements.isOurs,
    parameters: [job.n, job.token],
  });
  return found.rows.length > 0;
}

/** Collects jobs that are done and have nothing to write, and deletes them together. Each is fenced by its own token. */
export function createDoneQueue(
  hub: StoreHub,
  statements: JobStatements,
): (job: ClaimedJob) => Promise<void> {
  let waiting: ClaimedJob[] = [];
  let flushing: Promise<void> | undefined;
  const flush = async (): Promise<void> => {
    // What ends within one turn of the event loop is deleted together.
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    const jobs = waiting;
    waiting = [];
    flushing = undefined;
    const pairs = JSON.stringify(jobs.map((job) => [job.n, job.token]));
    await hub.driver.append([{ sql: statements.doneMany, parameters: [pairs] }]);
  };
  return (job) => {
    waiting.push(job);
    flushing ??= flush();
    return flushing;
  };
}
