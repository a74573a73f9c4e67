import type { Append, JobOutcome, JobRun, PluginContext } from "portico/kernel";
import { tryOnce } from "./attempt.ts";
import type { Begun, Tried } from "./attempt.ts";
import { enqueueLine, laneOf } from "./queue.ts";
import { recordLineEnd, recordLineRest, recordParked, recordState } from "./record.ts";
import { stateOf } from "./state.ts";
import type { DeliveryState, WebhookTables } from "./tables.ts";
import type { Target } from "./target.ts";

/** Faults, and ends refused over something that joined, that the job of a line takes along. */
const FAULTS_KEPT = 3;

/** What the job of a line is given. */
export interface LineInput {
  readonly webhook: string;
  /** The key. */
  readonly line: string;
  /** True: the first is sent although the webhook is paused. */
  readonly pass?: boolean;
}

type Run = JobRun<LineInput>;

/** A line as one run finds it. */
interface Seen {
  readonly wakes: number;
  readonly head: Begun | undefined;
}

/**
 * One step of a line: its first delivery is tried, and the line goes on with the next when that one is through. One job
 * works on a line at a time, so order is kept over retries, crashes and processes: what a run that lost its lease still
 * writes is refused by the job's fence.
 */
export async function runLine(run: Run, lane: string): Promise<JobOutcome> {
  const { ctx, organization, input } = run;
  const { webhook, line } = input;
  const wakes = await readWakes(run);
  if (wakes === undefined) return { kind: "done" };
  const target = await stateOf(ctx).targets.get(organization, webhook);
  if (target?.isActive !== true) return endRest(run, wakes, target === undefined);
  if (laneOf(target.concurrency) !== lane) {
    const moved = { webhook, line, concurrency: target.concurrency, origin: run.origin };
    return { kind: "done", with: (batch) => enqueueLine(batch, moved) };
  }
  // Before the head: one that is delivered by hand in between is then the head, and not passed by what comes behind it.
  const stuck = target.ordering === "block" ? await firstExhausted(run) : undefined;
  const head = await readHead(run);
  if (head === undefined || (stuck !== undefined && stuck < head.position)) {
    return endLine(run, wakes);
  }
  return tryHead(run, target, { wakes, head });
}

async function tryHead(
  run: Run,
  target: Target,
  { wakes, head }: Seen & { readonly head: Begun },
): Promise<JobOutcome> {
  const { ctx, input } = run;
  const tried = await tryOnce(head, target, { run, pass: input.pass === true });
  switch (tried.kind) {
    case "ended":
      return tried.outcome;
    case "missing":
      return goOn(run, target, (batch) => {
        const { id, round } = head;
        recordState(batch, { id, round, state: "canceled", updatedAt: ctx.clock.now() });
      });
    case "paused":
      return {
        kind: "done",
        with: (batch) => {
          const { until } = tried.pause;
          recordParked(batch, head, { webhook: target.id, until, now: ctx.clock.now() });
          recordLineEnd(batch, { ...input, wakes });
        },
      };
    case "tried":
      return afterTry(run, target, { tried, head });
  }
}

function afterTry(
  run: Run,
  target: Target,
  { tried, head }: { readonly tried: Tried; readonly head: Begun },
): JobOutcome {
  const { ctx, input } = run;
  const { waitMs: afterMs, state } = tried;
  if (afterMs !== undefined) {
    // Not counted as a retry: the engine's waits are for faults of ours, and grow with every one of a line's life.
    if (input.pass !== true) return { kind: "snooze", afterMs, with: tried.write };
    return again(run, target, { afterMs, write: tried.write });
  }
  return goOn(run, target, (batch) => {
    tried.write(batch);
    if (state !== "exhausted" || target.ordering !== "park") return;
    const { webhook, line } = input;
    recordLineRest(batch, {
      webhook,
      line,
      state: "held",
      after: head.position,
      error: `Held: a delivery before it, of the same key, is exhausted (${head.id})`,
      now: ctx.clock.now(),
    });
  });
}

/** The next of the line, at once. What has been refused its end often goes on as a job whose waits are short again. */
function goOn(run: Run, target: Target, write: (batch: Append) => void): JobOutcome {
  if (run.input.pass === true || run.attempt > FAULTS_KEPT) return again(run, target, { write });
  return { kind: "snooze", afterMs: 0, with: write };
}

/** A job of its own goes on, which is not let through a pause. */
function again(
  { input, origin }: Run,
  { concurrency }: Target,
  { afterMs, write }: { readonly afterMs?: number; readonly write: (batch: Append) => void },
): JobOutcome {
  const { webhook, line } = input;
  return {
    kind: "done",
    with: (batch) => {
      write(batch);
      enqueueLine(batch, { webhook, line, concurrency, origin }, afterMs);
    },
  };
}

function endLine({ input }: Run, wakes: number): JobOutcome {
  return { kind: "done", with: (batch) => recordLineEnd(batch, { ...input, wakes }) };
}

/** The webhook sends no more: what waits is held, or canceled where it was deleted. */
function endRest({ ctx, input }: Run, wakes: number, isDeleted: boolean): JobOutcome {
  const { webhook, line } = input;
  const state: DeliveryState = isDeleted ? "canceled" : "held";
  return {
    kind: "done",
    with: (batch) => {
      recordLineRest(batch, { webhook, line, state, after: 0, error: null, now: ctx.clock.now() });
      recordLineEnd(batch, { ...input, wakes });
    },
  };
}

function read({ ctx, organization }: { ctx: PluginContext; organization: string }) {
  return ctx.store.read({ organization }).db<WebhookTables>();
}

/** Read before the head: what joins in between is seen, or keeps the line from ending. */
async function readWakes(run: Run): Promise<number | undefined> {
  const row = await read(run)
    .selectFrom("webhooks_lines")
    .select("wakes")
    .where("webhook", "=", run.input.webhook)
    .where("orderKey", "=", run.input.line)
    .executeTakeFirst();
  return row?.wakes;
}

async function readHead(run: Run): Promise<Begun | undefined> {
  return read(run)
    .selectFrom("webhooks_deliveries")
    .select(["id", "event", "round", "position", "tries", "attempts"])
    .where("webhook", "=", run.input.webhook)
    .where("orderKey", "=", run.input.line)
    .where("state", "=", "pending")
    .orderBy("position")
    .limit(1)
    .executeTakeFirst();
}

/** The position of the first that is exhausted: what comes behind it waits. */
async function firstExhausted(run: Run): Promise<number | undefined> {
  const row = await read(run)
    .selectFrom("webhooks_deliveries")
    .select("position")
    .where("webhook", "=", run.input.webhook)
    .where("orderKey", "=", run.input.line)
    .where("state", "=", "exhausted")
    .orderBy("position")
    .limit(1)
    .executeTakeFirst();
  return row?.position;
}
