import { problem, raiser } from "../../base/index.ts";

/** What schedules refuse. */
export const scheduleErrors = {
  "schedules.notFound": problem(404, "There is no schedule '{id}' here."),
  "schedules.badTiming": problem(
    422,
    "The schedule cannot tick like this: {reason}.",
    "A pattern has five fields (minute, hour, day of the month, month, day of the week) or six with seconds in front, " +
      "such as `0 8 * * 1-5`; a zone is an IANA name; durations are written `30s`, `5m`, `12h`.",
  ),
  "schedules.badInput": problem(
    422,
    "The input is not what the job '{job}' takes: {reason}.",
    "The job's plugin declares its input; the pointer names the field that differs.",
  ),
  "schedules.unknownJob": problem(
    422,
    "There is no job '{job}' that a schedule of yours may run.",
    "A plugin declares which of its jobs callers may schedule (`callable`), and the permission they need for it.",
  ),
  "schedules.slugTaken": problem(409, "Another schedule already has the slug '{slug}'."),
  "schedules.tooMany": problem(
    409,
    "There are already {count} schedules, as many as an organization may have. Delete one, or ask the operator for more.",
  ),
  "schedules.declared": problem(
    409,
    "The schedule '{id}' is declared by the plugin '{plugin}' and changes with it only. It can be paused and resumed.",
  ),
} as const;

/** Makes problems `schedules.*`. */
export const raiseSchedules = raiser(scheduleErrors);
