import { problem, raiser } from "portico/kernel";
import type { Raise } from "portico/kernel";

/** What this pillar refuses, beside what the kernel refuses of jobs and schedules. */
export const jobPillarErrors = {
  "jobs.eventOrJob": problem(
    422,
    "A schedule publishes an event or runs a job: give one of `event` and `job`, and not both.",
  ),
  "jobs.reservedType": problem(
    422,
    "Events of type '{type}' are published by '{owner}' only.",
    "Readers trust that what a plugin declares has happened. Choose a type of your own.",
  ),
  "jobs.mayNotSchedule": problem(
    403,
    "Scheduling this takes the permission '{permission}', which the caller does not hold.",
  ),
} as const;

/** Makes problems `jobs.*`. */
export const raise: Raise<typeof jobPillarErrors> = raiser(jobPillarErrors);
