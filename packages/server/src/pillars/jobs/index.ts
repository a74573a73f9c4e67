/**
 * Jobs: what an organization may see and do of the work that runs for it, and what it has done by the clock.
 *
 * Nouns: job (one piece of work of some plugin, with its state, tries, progress and thread), schedule (a pattern in a time
 * zone that publishes an event or runs a job), tick (one time of it).
 * One request: `GET /jobs/{id}` → the kernel's jobs (`kernel.jobs@1`), asked for one organization → the job without what
 * its definition does not show. Retrying, cancelling and every change of a schedule become true in the transaction of the
 * request, with its audit entry; a run under way is aborted after the commit, in whatever process it is. An event's
 * schedule runs the job `publish`, which emits it with its own end; `sweep` lets go of what was kept long enough. Emits
 * nothing of its own: the kernel tells job.completed, job.failed, job.quarantined, schedule.missed and schedule.paused.
 * It needs no other pillar.
 */
export { jobs } from "./plugin.ts";
