import { problem, raiser } from "../../base/index.ts";

/** What the jobs engine refuses, and what it says of runs that ended badly. */
export const jobErrors = {
  "jobs.unknown": problem(
    500,
    "The plugin '{plugin}' has no job '{job}'.",
    "Jobs are declared in the plugin's `jobs`; a plugin enqueues its own only.",
  ),
  "jobs.badInput": problem(500, "The input of the job '{job}' is not as declared: {reason}."),
  "jobs.timeout": problem(504, "The run took longer than {ms} ms and was aborted."),
  "jobs.crashed": problem(
    500,
    "The process that ran the job ended before the job did, {crashes} times. The job was set aside.",
    "A job that takes its process down with it would do so again at every start. Look at the process's last log lines, then retry the job.",
  ),
  "jobs.notFound": problem(404, "There is no job '{id}'."),
  "jobs.notEnded": problem(
    409,
    "The job '{id}' is {state}; there is nothing to retry.",
    "Only a job that failed, was quarantined or was cancelled can be retried.",
  ),
  "jobs.hasEnded": problem(409, "The job '{id}' is {state} and can no longer be cancelled."),
  "jobs.notCancellable": problem(
    409,
    "The job '{id}' is not cancelled as a job.",
    "It does something for a row of '{plugin}', which would wait for it in vain. End it by that plugin's own operations.",
  ),
};

/** Makes the engine's problems. */
export const raiseJobs = raiser(jobErrors);
