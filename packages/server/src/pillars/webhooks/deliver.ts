import { Type } from "typebox";
import type { Static } from "typebox";
import { job } from "portico/kernel";
import type { Append, JobDefinition, JobOutcome, JobRun } from "portico/kernel";
import { tryOnce } from "./attempt.ts";
import type { Begun, Tried } from "./attempt.ts";
import { runLine } from "./line.ts";
import { enqueueDelivery, lanes, laneOf, wakeLines } from "./queue.ts";
import { recordLineLost, recordParked, recordState } from "./record.ts";
import { stateOf } from "./state.ts";
import type { DeliveryState, WebhookTables } from "./tables.ts";
import type { Target } from "./target.ts";

const One = Type.Object({
  delivery: Type.String(),
  webhook: Type.String(),
  event: Type.String(),
  round: Type.Integer(),
  position: Type.Optional(Type.Integer()),
  again: Type.Optional(Type.Boolean()),
  pass: Type.Optional(Type.Boolean()),
});
const Line = Type.Object({
  webhook: Type.String(),
  line: Type.String(),
  pass: Type.Optional(Type.Boolean()),
});
const Input = Type.Union([One, Line]);

type One = Static<typeof One>;
type Run = JobRun<One>;

/** A delivery as its run finds it. */
type Found = Begun & { readonly orderKey: string | null };

/**
 * One try at one delivery, or one step of a line; a kind of job for each concurrency. The ladder is the pillar's own: the
 * engine's budget is for faults of ours.
 */
export const deliveryJobs: Readonly<Record<string, JobDefinition>> = Object.fromEntries(
  lanes.map(([name, concurrency]) => [
    name,
    job({
      input: Input,
      attempts: 1_000_000,
      // A line that is joined while it ends is refused its end, and looks again almost at once.
      backoffMs: (attempt) => Math.min(25 * 2 ** Math.min(attempt, 15), 600_000),
      timeoutMs: 60_000,
      // A receiver that hangs holds so many slots and no more, whatever waits for it.
      concurrency,
      // Deliveries have events and states of their own, and an event about one would be delivered in turn.
      reports: "nothing",
      cancellable: false,
      run: (run) => {
        const { input } = run;
        return "line" in input ? runLine({ ...run, input }, name) : runOne({ ...run, input }, name);
      },
      quarantined: giveUp,
    }),
  ]),
);

type Lost = Pick<JobRun<Static<typeof Input>>, "ctx" | "input" | "origin"> & {
  readonly error: string;
};

/** A row that said `pending` for ever would be a delivery that nobody sees is not coming. */
function giveUp({ ctx, input, error, origin }: Lost, batch: Append): void {
  const now = ctx.clock.now();
  if ("line" in input) {
    const { webhook, line } = input;
    recordLineLost(batch, { webhook, line, state: "held", after: 0, error, now });
    return;
  }
  const { delivery: id, webhook, event, round } = input;
  recordState(batch, { id, round, state: "exhausted", updatedAt: now });
  batch.emit(
    "delivery.exhausted",
    { id, webhook, event, attempts: 0, error },
    { subject: id, origin },
  );
}

async function runOne(run: Run, lane: string): Promise<JobOutcome> {
  const { ctx, organization, input } = run;
  const found = await find(run);
  if (found === undefined) return { kind: "done" };
  const target = await stateOf(ctx).targets.get(organization, input.webhook);
  if (target === undefined) return endAs("canceled", run);
  if (!target.isActive) return endAs("held", run);
  if (found.orderKey !== null) return joinLine(run, target, found.orderKey);
  if (laneOf(target.concurrency) !== lane) return moveOver(run, target);
  const tried = await tryOnce(found, target, { run, pass: input.pass === true });
  switch (tried.kind) {
    case "ended":
      return tried.outcome;
    case "missing":
      return endAs("canceled", run);
    case "paused": {
      const { until } = tried.pause;
      const pause = { webhook: target.id, until, now: ctx.clock.now() };
      return { kind: "done", with: (batch) => recordParked(batch, found, pause) };
    }
    case "tried":
      return afterTry(tried, run, target);
  }
}

/** Undefined when this run is no longer wanted: the delivery is through, or was begun anew. */
async function find({ ctx, organization, input, attempt }: Run): Promise<Found | undefined> {
  const { delivery: id, event, round, position, again } = input;
  // The first try of the first round: whoever asks to deliver again while it waits is told that it does.
  if (attempt === 1 && round === 1 && again !== true && position !== undefined) {
    return { id, event, round, position, tries: 0, attempts: 0, orderKey: null };
  }
  const row = await ctx.store
    .read({ organization })
    .db<WebhookTables>()
    .selectFrom("webhooks_deliveries")
    .select(["position", "tries", "attempts", "round", "state", "orderKey"])
    .where("id", "=", id)
    .executeTakeFirst();
  if (row === undefined || row.round !== round || row.state !== "pending") return undefined;
  const { tries, attempts, orderKey } = row;
  return { id, event, round, position: row.position, tries, attempts, orderKey };
}

function endAs(state: DeliveryState, { ctx, input }: Run): JobOutcome {
  const { delivery: id, round } = input;
  return {
    kind: "done",
    with: (batch) => recordState(batch, { id, round, state, updatedAt: ctx.clock.now() }),
  };
}

/** A delivery of an ordered webhook that was asked for by hand: its line sends it when it is its turn. */
async function joinLine(run: Run, target: Target, line: string): Promise<JobOutcome> {
  const { ctx, organization, input, origin } = run;
  const { id: webhook, concurrency } = target;
  await ctx.store.transaction({ scope: { organization }, origin }, (tx) =>
    wakeLines(tx, [{ webhook, line, concurrency, origin, pass: input.pass === true }]),
  );
  return { kind: "done" };
}

/** The webhook's concurrency was changed after the job was made. */
function moveOver({ input, attempt, origin }: Run, { concurrency }: Target): JobOutcome {
  const moved = attempt === 1 ? input : { ...input, again: true };
  return {
    kind: "done",
    with: (batch) => enqueueDelivery(batch, moved, { concurrency, origin }),
  };
}

function afterTry(tried: Tried, { input, origin }: Run, { concurrency }: Target): JobOutcome {
  const { waitMs: afterMs, error, write } = tried;
  if (afterMs === undefined) return { kind: "done", with: write };
  if (input.again === true && input.pass !== true)
    return { kind: "retry", afterMs, error, with: write };
  // A job of its own, which stands behind first tries, and which no pause lets through.
  const { pass: _pass, ...queued } = input;
  return {
    kind: "done",
    with: (batch) => {
      write(batch);
      const retry = { ...queued, again: true };
      enqueueDelivery(batch, retry, { concurrency, afterMs, isRetry: true, origin });
    },
  };
}
