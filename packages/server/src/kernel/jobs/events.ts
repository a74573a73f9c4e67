import { Type } from "typebox";
import type { EventTypeDefinition, JobDefinition } from "../contract/index.ts";
import { redactText } from "../telemetry/index.ts";
import type { ClaimedJob } from "./claimed.ts";
import { shownKey } from "./enqueue.ts";
import type { Outcome, Settled } from "./outcome.ts";

const shared = {
  id: Type.String(),
  name: Type.String({ description: "Of plugin and job: `reports.monthly`." }),
  key: Type.Union([Type.String(), Type.Null()]),
  schedule: Type.Union([Type.String(), Type.Null()], {
    description: "The schedule that made it; null when none did.",
  }),
  attempts: Type.Integer({ description: "Tries that came to an end." }),
};
const example = {
  id: "job_01jd3v9k2me8r8v0c2m4t6x8z0",
  name: "reports.monthly",
  key: null,
  schedule: "schedule_01jd3v9k2me8r8v0c2m4t6x8z0",
  attempts: 5,
};

/** What the engine puts on the log when jobs end. See `reports` of a job's definition. */
export const jobEvents = {
  "job.completed": {
    description:
      "A job that somebody waits for is done. Jobs that only failures are told of, such as most, tell nothing.",
    data: Type.Object(shared),
    example: { ...example, attempts: 1 },
  },
  "job.failed": {
    description: "A job failed for the last time. Not told of jobs that such an event caused.",
    data: Type.Object({ ...shared, error: Type.String() }),
    example: { ...example, error: "The report's source answered 503" },
  },
  "job.quarantined": {
    description:
      "A job was set aside because the processes that ran it kept ending. Not told of jobs that such an event caused.",
    data: Type.Object({ ...shared, crashes: Type.Integer(), error: Type.String() }),
    example: {
      ...example,
      attempts: 0,
      crashes: 20,
      error: "jobs.crashed: The process that ran the job ended before the job did, 20 times.",
    },
  },
} as const satisfies Readonly<Record<string, EventTypeDefinition>>;

/** An event that goes with the end of a job. */
export interface EndEvent {
  readonly type: keyof typeof jobEvents;
  readonly data: Readonly<Record<string, unknown>>;
}

/** What is told of an end, as far as the definition wants anything told. */
export function endEvent(
  {
    job,
    definition,
    outcome,
  }: {
    readonly job: ClaimedJob;
    readonly definition: JobDefinition | undefined;
    readonly outcome: Outcome;
  },
  settled: Settled,
): EndEvent | undefined {
  const reports = definition?.reports ?? "failures";
  if (reports === "nothing") return undefined;
  const { id, plugin, name, key, schedule, attempt, crashes } = job;
  const data = { id, name: `${plugin}.${name}`, key: shownKey(key), schedule };
  // Events leave the house: what an error says of a credential does not.
  const error = "error" in outcome ? redactText(outcome.error) : "";
  if (settled === "fail")
    return { type: "job.failed", data: { ...data, attempts: attempt + 1, error } };
  if (settled === "quarantine") {
    return { type: "job.quarantined", data: { ...data, attempts: attempt, crashes, error } };
  }
  if (settled !== "done" || reports !== "everything") return undefined;
  return { type: "job.completed", data: { ...data, attempts: attempt + 1 } };
}
