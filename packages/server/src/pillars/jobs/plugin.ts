import { add, definePlugin, Statistics } from "portico/kernel";
import type { AnyPlugin } from "portico/kernel";
import { jobPillarErrors } from "./errors.ts";
import { cancelJob } from "./operations/cancel-job.ts";
import { createSchedule } from "./operations/create-schedule.ts";
import { deleteSchedule } from "./operations/delete-schedule.ts";
import { getJob } from "./operations/get-job.ts";
import { getSchedule } from "./operations/get-schedule.ts";
import { listJobs } from "./operations/list-jobs.ts";
import { listSchedules } from "./operations/list-schedules.ts";
import { pauseSchedule } from "./operations/pause-schedule.ts";
import { previewSchedule } from "./operations/preview-schedule.ts";
import { resumeSchedule } from "./operations/resume-schedule.ts";
import { retryJob } from "./operations/retry-job.ts";
import { runSchedule } from "./operations/run-schedule.ts";
import { updateSchedule } from "./operations/update-schedule.ts";
import { jobPermissions } from "./permissions.ts";
import { publish } from "./publish.ts";
import { jobsFailed } from "./statistics.ts";
import { JobSettings } from "./settings.ts";
import { sweep } from "./sweep.ts";

/** Jobs of an organization, seen, retried, cancelled; and its schedules. */
export const jobs: AnyPlugin = definePlugin({
  id: "jobs",
  version: "1.0.0",
  engine: "^1",
  settings: JobSettings,
  permissions: jobPermissions,
  errors: jobPillarErrors,
  operations: [
    listJobs,
    getJob,
    retryJob,
    cancelJob,
    createSchedule,
    listSchedules,
    previewSchedule,
    getSchedule,
    updateSchedule,
    deleteSchedule,
    runSchedule,
    pauseSchedule,
    resumeSchedule,
  ],
  contributes: [add(Statistics, jobsFailed)],
  jobs: { publish, sweep },
  schedules: {
    sweep: {
      cron: "17 * * * *",
      jitter: "10m",
      overlap: "skip",
      catchUp: "1h",
      job: "sweep",
      input: {},
    },
  },
});
