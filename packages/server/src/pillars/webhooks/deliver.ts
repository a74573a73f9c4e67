import { Type } from "typebox";
import type { Static } from "typebox";
import { job } from "portico/kernel";
import type { JobOutcome, JobRun, PluginContext } from "portico/kernel";
import { disableGone } from "./disable.ts";
import type { Deliverable } from "./envelope.ts";
import { recordAttempt, recordState } from "./record.ts";
import type { Progress } from "./record.ts";
import { nextWaitMs } from "./retry.ts";
import { send } from "./send.ts";
import type { Sent } from "./send.ts";
import { settingsOf } from "./settings.ts";
import { stateOf } from "./state.ts";
import type { DeliveryState, WebhookTables } from "./tables.ts";

const Input = Type.Object({
  delivery: Type.String(),
  webhook: Type.String(),
  event: Type.String(),
  round: Type.Integer(),
});

type Run = JobRun<Static<typeof Input>>;

/** How far a delivery had come before this run. */
interface Before {
  readonly tries: number;
  readonly attempts: number;
}

/** One try at one delivery. The ladder is the pillar's own: the engine's budget is for faults of ours. */
export const deliver = job({
  input: Input,
  attempts: 1_000_000,
  backoffMs: (attempt) => Math.min(1_000 * 2 ** Math.min(attempt, 10), 600_000),
  timeoutMs: 60_000,
  // A receiver that hangs holds four slots and no more, whatever waits for it.
  concurrency: 4,
  // What becomes of a delivery is told by its own events; told as a job's, its failure would be delivered in turn.
  reports: "nothing",
  cancellable: false,
  run,
  // A row that said `pending` for ever would be a delivery that nobody sees is not coming.
  quarantined: ({ ctx, input, error, origin }, batch) => {
    const { delivery: id, webhook, event, round } = input;
    recordState(batch, { id, round, state: "exhausted", updatedAt: ctx.clock.now() });
    batch.emit(
      "delivery.exhausted",
      { id, webhook, event, attempts: 0, error },
      { subject: id, origin },
    );
  },
});

async function run(jobRun: Run): Promise<JobOutcome> {
  const { ctx, organization, input } = jobRun;
  const before = await readBefore(jobRun);
  if (before === undefined) return { kind: "done" };
  const { targets, attempts, durations } = stateOf(ctx);
  const target = await targets.get(organization, input.webhook);
  if (target === undefined) return endAs("canceled", jobRun);
  if (!target.isActive) return endAs("held", jobRun);
  const event = await readEvent(jobRun);
  if (event === undefined) return endAs("canceled", jobRun);
  let sent: Sent;
  try {
    sent = await send(event, target, { ctx, signal: jobRun.signal });
  } catch (error) {
    if (jobRun.signal.aborted) return { kind: "snooze", at: ctx.clock.now() };
    throw error;
  }
  attempts.add(1, { outcome: sent.verdict.kind });
  durations.observe(sent.durationMs / 1_000);
  if (sent.verdict.kind === "gone") {
    await disableGone(ctx, { organization, id: input.webhook }, jobRun.origin);
  }
  return outcomeOf(sent, before, jobRun);
}

/** Undefined when this run is no longer wanted: the delivery is through, or was begun anew. */
async function readBefore({ ctx, organization, input, attempt }: Run): Promise<Before | undefined> {
  // The first try of the first round: whoever asks to deliver again while it waits is told that it does.
  if (attempt === 1 && input.round === 1) return { tries: 0, attempts: 0 };
  const row = await ctx.store
    .read({ organization })
    .db<WebhookTables>()
    .selectFrom("webhooks_deliveries")
    .select(["tries", "attempts", "round", "state"])
    .where("id", "=", input.delivery)
    .executeTakeFirst();
  const isWanted = row?.round === input.round && row.state === "pending";
  return isWanted ? { tries: row.tries, attempts: row.attempts } : undefined;
}

async function readEvent({ ctx, organization, input }: Run): Promise<Deliverable | undefined> {
  return stateOf(ctx).recent.find(input.event) ?? ctx.log.find(organization, input.event);
}

function endAs(state: DeliveryState, { ctx, input }: Run): JobOutcome {
  const { delivery: id, round } = input;
  return {
    kind: "done",
    with: (batch) => recordState(batch, { id, round, state, updatedAt: ctx.clock.now() }),
  };
}

/** The attempt, the delivery's state and the end of the run: one durable transaction. */
function outcomeOf(sent: Sent, before: Before, { ctx, input, origin }: Run): JobOutcome {
  const tries = before.tries + 1;
  const attempts = before.attempts + 1;
  const nextAt = nextTry(sent, tries, ctx);
  const error = sent.verdict.kind === "delivered" ? null : sent.verdict.error;
  const state = stateAfter(sent, nextAt);
  const progress: Progress = {
    id: input.delivery,
    round: input.round,
    state,
    tries,
    attempts,
    nextAt: nextAt ?? null,
    lastStatus: sent.status,
    lastError: error,
    updatedAt: ctx.clock.now(),
  };
  const { verdict: _verdict, ...measured } = sent;
  const attemptRow = { delivery: input.delivery, id: ctx.makeId("attempt"), error, ...measured };
  const { delivery: id, webhook, event } = input;
  return {
    ...(nextAt === undefined
      ? { kind: "done" as const }
      : { kind: "retry" as const, at: nextAt, error: error ?? "" }),
    with: (batch) => {
      recordAttempt(batch, attemptRow, progress);
      if (state !== "exhausted") return;
      batch.emit(
        "delivery.exhausted",
        { id, webhook, event, attempts, error },
        { subject: id, origin },
      );
    },
  };
}

function nextTry(sent: Sent, tries: number, ctx: PluginContext): number | undefined {
  if (sent.verdict.kind !== "failed") return undefined;
  const { fillRandom } = ctx;
  const waitMs = nextWaitMs(sent.verdict, { tries, settings: settingsOf(ctx), fillRandom });
  return waitMs === undefined ? undefined : ctx.clock.now() + waitMs;
}

function stateAfter(sent: Sent, nextAt: number | undefined): DeliveryState {
  if (sent.verdict.kind === "delivered") return "delivered";
  return nextAt === undefined ? "exhausted" : "pending";
}
