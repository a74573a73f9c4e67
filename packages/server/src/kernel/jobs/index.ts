/**
 * Jobs: work that is enqueued in the transaction that asks for it and runs after its commit, at least once.
 *
 * A row is *delayed* (not before its time), *waiting* (its key has no free slot), *ready*, *suspect* (it crashed before
 * and runs with no other suspect beside it) or *running*; each state has an index of its own, so a claim reads only what
 * can run now: a hundred thousand rows behind one key cost it nothing. Admission moves due rows: to ready, or to their
 * key, whose slots (ready and running rows, counted under the key's lock) are filled in order; the end of a run frees
 * its slot. A claim gives a lease and a fencing token, and the end of a run is one batch that begins with that fence. A
 * dead process's jobs are taken back: on SQLite by the next start, on PostgreSQL when its session or lease ends; a crash
 * is counted apart from failures, and too many set the job aside. A claim takes from each organization in turn. What is done
 * is deleted, unless somebody may ask for it; what ended otherwise is kept in `jobs_ended` until it is retried or has been
 * kept long enough. Progress is stored behind the same fence. Emits job.completed, job.failed and job.quarantined, as
 * definitions say. Needs the store and a clock.
 */
export { createEnqueuer, scheduledOptions } from "./enqueue.ts";
export type { EnqueuerOptions } from "./enqueue.ts";
export { jobErrors } from "./errors.ts";
export { jobEvents } from "./events.ts";
export { TAKEN } from "./face.ts";
export { createJobs } from "./jobs.ts";
export type { JobsEngine } from "./jobs.ts";
export { cancelOfSchedule } from "./manage.ts";
export type { JobsOptions } from "./options.ts";
export { createJobRegistry, wrongInput } from "./registry.ts";
export type { JobRegistry, RegisteredJob } from "./registry.ts";
export type { Sequels } from "./settle.ts";
export { jobsSchema } from "./tables.ts";
export { derivedId } from "./unique.ts";
