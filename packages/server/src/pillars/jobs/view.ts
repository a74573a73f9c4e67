import { redactText, toRfc3339 } from "portico/kernel";
import type { JobView as SeenJob } from "portico/kernel";
import { Type } from "typebox";
import type { Static } from "typebox";

const Time = Type.String({ format: "date-time" });
const TimeOrNull = Type.Union([Time, Type.Null()]);
const TextOrNull = Type.Union([Type.String(), Type.Null()]);

/** Where a job stands. */
export const StateOfJob = Type.Union(
  [
    Type.Literal("delayed"),
    Type.Literal("waiting"),
    Type.Literal("ready"),
    Type.Literal("running"),
    Type.Literal("completed"),
    Type.Literal("failed"),
    Type.Literal("quarantined"),
    Type.Literal("cancelled"),
  ],
  {
    description:
      "`delayed`: not before its time. `waiting`: as many as may run of its key do. `completed`: done, and kept since " +
      "somebody may ask. `quarantined`: the processes that ran it kept ending.",
  },
);

/** One job as callers see it. */
export const JobView = Type.Object({
  id: Type.String(),
  name: Type.String({ description: "Of plugin and job: `webhooks.deliver`." }),
  state: StateOfJob,
  key: Type.Union([Type.String(), Type.Null()], {
    description: "Jobs of one key share the number of runs at a time.",
  }),
  priority: Type.Integer({ description: "0 (first) to 9 (last)." }),
  attempts: Type.Integer({ description: "Tries that came to an end." }),
  crashes: Type.Integer({ description: "Processes that ended while they ran it." }),
  error: Type.Union([Type.String(), Type.Null()], { description: "What the last failure said." }),
  progress: Type.Union(
    [
      Type.Object({
        done: Type.Number(),
        total: Type.Union([Type.Number(), Type.Null()]),
        note: TextOrNull,
        at: Time,
      }),
      Type.Null(),
    ],
    { description: "The newest that the run told; at most one a second is kept." },
  ),
  input: Type.Record(Type.String(), Type.Unknown(), {
    description: "The fields of its input that its plugin shows; most show none.",
  }),
  schedule: Type.Union([Type.String(), Type.Null()], { description: "The schedule that made it." }),
  createdAt: Time,
  runAt: Type.Union([Time, Type.Null()], { description: "Not before; null once it has ended." }),
  startedAt: TimeOrNull,
  endedAt: TimeOrNull,
  actor: Type.String({ description: "Who began the thread it is part of." }),
  cause: Type.String({ description: "The request, event or job that led to it." }),
  trace: Type.String({ description: "W3C trace id of its thread." }),
});

/** A job in the form callers see. */
export function viewJob(job: SeenJob): Static<typeof JobView> {
  const { id, plugin, name, state, key, priority, crashes, schedule, progress } = job;
  return {
    id,
    name: `${plugin}.${name}`,
    state,
    key,
    priority,
    attempts: job.attempt,
    crashes,
    // Whatever a run threw is kept: it may quote what it was given.
    error: job.error === null ? null : redactText(job.error),
    progress: progress === null ? null : { ...progress, at: toRfc3339(progress.at) },
    input: job.input,
    schedule,
    createdAt: toRfc3339(job.createdAt),
    runAt: timeOf(job.runAt),
    startedAt: timeOf(job.startedAt),
    endedAt: timeOf(job.endedAt),
    actor: job.actor,
    cause: job.cause,
    trace: job.trace,
  };
}

function timeOf(at: number | null): string | null {
  return at === null ? null : toRfc3339(at);
}
