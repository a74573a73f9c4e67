/**
 * Jobs: what an organization may see and do of the work that runs for it.
 *
 * Nouns: job (one piece of work of some plugin, with its state, tries, progress and thread).
 * One request: `GET /jobs/{id}` → the kernel's jobs (`kernel.jobs@1`), asked for one organization → the job without what
 * its definition does not show. Retrying and cancelling become true in the transaction of the request, with its audit
 * entry; a run under way is aborted after the commit, in whatever process it is. Emits nothing of its own: the engine
 * tells job.completed, job.failed and job.quarantined. It needs no other pillar.
 */
export { jobs } from "./plugin.ts";
