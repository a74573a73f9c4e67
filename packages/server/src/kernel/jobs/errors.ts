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
  "jobs.active": problem(409, "The job '{id}' has not ended; there is nothing to retry."),
};

/** Makes the engine's problems. */
export const raiseJobs = raiser(jobErrors);
