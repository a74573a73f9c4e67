import { definePlugin } from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { cancelJob } from "./operations/cancel-job.ts";
import { getJob } from "./operations/get-job.ts";
import { listJobs } from "./operations/list-jobs.ts";
import { retryJob } from "./operations/retry-job.ts";
import { jobPermissions } from "./permissions.ts";

/** Jobs of an organization: seen, retried, cancelled. */
export const jobs: AnyPlugin = definePlugin({
  id: "jobs",
  version: "1.0.0",
  engine: "^1",
  permissions: jobPermissions,
  operations: [listJobs, getJob, retryJob, cancelJob],
});
