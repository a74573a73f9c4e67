/**
 * Schedules: jobs by the clock, each tick at most once over any number of processes.
 *
 * Nouns: schedule (a pattern in a time zone, what to do about missed and overlapping ticks, and the job it runs), tick
 * (one time of the pattern; its row is the proof that it came). Every process looks each second at what is due: tick rows,
 * jobs, the next time and what is told of missed ticks become true in one transaction, whose fence is the tick's own row;
 * whoever comes second changes nothing. A job never makes its successor, so no failure can end a schedule. The jobs engine
 * writes with the end of such a job whether it failed (`scheduleSequels`); who failed too often is paused. Emits
 * schedule.missed and schedule.paused. Needs the store and the jobs.
 */
export type { Declared } from "./declared.ts";
export { scheduleErrors } from "./errors.ts";
export { scheduleEvents } from "./events.ts";
export { createSchedules, scheduleSequels } from "./schedules.ts";
export type { RunningSchedules, SchedulesOptions } from "./schedules.ts";
export { schedulesSchema } from "./tables.ts";
export { readTiming } from "./timing.ts";
