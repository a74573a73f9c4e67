import type { Append, JobOutcome, JobRun, Origin, PluginContext } from "portico/kernel";
import { disableGone } from "./disable.ts";
import type { Deliverable } from "./envelope.ts";
import { afterFailure, isNews, noteFailure, noteRecovery, WELL } from "./health.ts";
import type { Failure, Pause } from "./health.ts";
import { takeTurn } from "./pace.ts";
import { recordAttempt } from "./record.ts";
import type { Progress } from "./record.ts";
import { nextWaitMs, waitsOf } from "./retry.ts";
import { send } from "./send.ts";
import type { Sent } from "./send.ts";
import { settingsOf } from "./settings.ts";
import { stateOf } from "./state.ts";
import type { DeliveryState } from "./tables.ts";
import type { Target } from "./target.ts";

/** So many failures in a row are no accident, nor is a second one of one delivery: then it is written down. */
const NOTED_STREAK = 3;
const STREAKS_MAX = 10_000;
/** A failure that holds its slot so long counts more: a receiver that hangs is paused after its first few. */
const SLOW_MS = 5_000;
const SLOW_WEIGHT = 3;

/** A delivery and how far it had come before this run. */
export interface Begun {
  readonly id: string;
  readonly event: string;
  readonly round: number;
  readonly position: number;
  readonly tries: number;
  readonly attempts: number;
}

/** What one try came to, and what is to be written of it with the end of the run. */
export interface Tried {
  readonly kind: "tried";
  readonly state: DeliveryState;
  /** Until the next try; undefined: there is none. */
  readonly waitMs: number | undefined;
  readonly error: string;
  readonly write: (batch: Append) => void;
}

type Run = JobRun<unknown>;

/** Why nothing was sent: the webhook is paused, its event is no longer kept, or the process stops. */
export type Untried =
  | { readonly kind: "paused"; readonly pause: Pause }
  | { readonly kind: "missing" }
  | { readonly kind: "ended"; readonly outcome: JobOutcome };

/** Sends one delivery once, unless its webhook is paused; `pass` sends all the same. */
export async function tryOnce(
  begun: Begun,
  target: Target,
  { run, pass }: { readonly run: Run; readonly pass: boolean },
): Promise<Tried | Untried> {
  const { ctx, signal } = run;
  const pause = pass ? undefined : await waitForTurn(target, run);
  if (pause !== undefined) return { kind: "paused", pause };
  const event = await readEvent(run, begun.event);
  if (event === undefined) return { kind: "missing" };
  const origin = { cause: begun.id, trace: event.trace, actor: event.actor };
  let sent: Sent;
  try {
    sent = await send({ event, position: begun.position, target }, { ctx, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    return { kind: "ended", outcome: { kind: "snooze", afterMs: 0 } };
  }
  const { attempts, durations } = stateOf(ctx);
  attempts.add(1, { outcome: sent.verdict.kind });
  durations.observe(sent.durationMs / 1_000);
  await noteHealth(sent, target, { ctx, origin, tries: begun.tries + 1 });
  return tried({ begun, sent, target, origin }, ctx);
}

/** Undefined when it may be sent now. */
async function waitForTurn(target: Target, run: Run): Promise<Pause | undefined> {
  if (target.health?.pause !== undefined) return target.health.pause;
  const { rateLimit } = target;
  if (rateLimit === null) return undefined;
  const { ctx, signal } = run;
  const turn = await takeTurn(ctx, { ...target, rateLimit }, run.origin);
  if ("pause" in turn) {
    stateOf(ctx).targets.drop(target.id);
    return turn.pause;
  }
  if (turn.waitMs > 0) await sleep(ctx, turn.waitMs, signal);
  return undefined;
}

function sleep(ctx: PluginContext, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = ctx.clock.after(ms, resolve);
    signal.addEventListener(
      "abort",
      () => {
        cancel();
        resolve();
      },
      { once: true },
    );
  });
}

async function readEvent({ ctx, organization }: Run, id: string): Promise<Deliverable | undefined> {
  return stateOf(ctx).recent.find(id) ?? ctx.log.find(organization, id);
}

interface Circumstances {
  readonly ctx: PluginContext;
  readonly origin: Origin;
  readonly tries: number;
}

/** A receiver that does well costs nothing here; what changes is written in a transaction of its own. */
async function noteHealth(
  { verdict, durationMs }: Sent,
  target: Target,
  { ctx, origin, tries }: Circumstances,
): Promise<void> {
  const { streaks, targets } = stateOf(ctx);
  const { id, health = WELL } = target;
  if (verdict.kind === "delivered") {
    if (streaks.size > 0) streaks.delete(id);
    if (health.failingSince === null) return;
    await noteRecovery(ctx, target, origin);
    return targets.drop(id);
  }
  if (verdict.kind === "gone") {
    await disableGone(ctx, target, origin);
    return targets.drop(id);
  }
  const settings = settingsOf(ctx);
  if (streaks.size > STREAKS_MAX) streaks.clear();
  const streak = (streaks.get(id) ?? 0) + (durationMs >= SLOW_MS ? SLOW_WEIGHT : 1);
  streaks.set(id, streak);
  const { pauseAfterFailures } = settings;
  const failure: Failure = {
    error: verdict.error,
    retryAfterMs: verdict.retryAfterMs,
    pauses: pauseAfterFailures > 0 && (health.isTold || streak >= pauseAfterFailures),
  };
  const isAccident = streak < NOTED_STREAK && tries < 2 && health.failingSince === null;
  if (isAccident && failure.retryAfterMs === undefined && !failure.pauses) return;
  if (!isNews(health, afterFailure(health, failure, { now: ctx.clock.now(), settings }))) return;
  await noteFailure(ctx, target, { failure, origin });
  targets.drop(id);
}

interface Result {
  readonly begun: Begun;
  readonly sent: Sent;
  readonly target: Target;
  readonly origin: Origin;
}

function tried({ begun, sent, target, origin }: Result, ctx: PluginContext): Tried {
  const tries = begun.tries + 1;
  const attempts = begun.attempts + 1;
  const waitMs = nextWait(sent, target, { ctx, tries });
  const error = sent.verdict.kind === "delivered" ? null : sent.verdict.error;
  const state = stateAfter(sent, waitMs);
  const { id, event, round } = begun;
  const now = ctx.clock.now();
  const progress: Progress = {
    id,
    round,
    state,
    tries,
    attempts,
    nextAt: waitMs === undefined ? null : now + waitMs,
    lastStatus: sent.status,
    lastError: error,
    updatedAt: now,
  };
  const { verdict: _verdict, ...measured } = sent;
  const attemptRow = { delivery: id, id: ctx.makeId("attempt"), error, ...measured };
  return {
    kind: "tried",
    state,
    waitMs,
    error: error ?? "",
    write: (batch) => {
      recordAttempt(batch, attemptRow, progress);
      if (state !== "exhausted") return;
      const data = { id, webhook: target.id, event, attempts, error };
      batch.emit("delivery.exhausted", data, { subject: id, origin });
    },
  };
}

function nextWait(
  { verdict }: Sent,
  { retryPolicy }: Target,
  { ctx, tries }: { readonly ctx: PluginContext; readonly tries: number },
): number | undefined {
  if (verdict.kind !== "failed") return undefined;
  const { fillRandom } = ctx;
  const settings = settingsOf(ctx);
  const waitsMs = waitsOf(retryPolicy, settings);
  return nextWaitMs(verdict, { tries, waitsMs, jitter: settings.retryJitter, fillRandom });
}

function stateAfter(sent: Sent, waitMs: number | undefined): DeliveryState {
  if (sent.verdict.kind === "delivered") return "delivered";
  return waitMs === undefined ? "exhausted" : "pending";
}
