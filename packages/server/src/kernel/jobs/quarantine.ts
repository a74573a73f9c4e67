import { errorText } from "../log/index.ts";
import type { ClaimedJob } from "./claimed.ts";
import { raiseJobs } from "./errors.ts";
import type { RegisteredJob } from "./registry.ts";
import type { Outcome } from "./outcome.ts";

/** The end of a job that outlived too many processes: set aside, with what its definition writes about it. */
export function quarantine(job: ClaimedJob, registered: RegisteredJob): Outcome {
  const problem = raiseJobs("jobs.crashed", { params: { crashes: job.crashes } });
  const error = errorText(problem);
  const { definition } = registered;
  const input: unknown = JSON.parse(job.input);
  // Of another form than is declared now: the definition could not read it.
  if (definition.quarantined === undefined || registered.wrong(input) !== undefined) {
    return { kind: "quarantine", error };
  }
  const { id, organization, origin } = job;
  return {
    kind: "quarantine",
    error,
    with: (batch) =>
      definition.quarantined?.(
        { ctx: registered.ctx(), id, organization, input, origin, error },
        batch,
      ),
  };
}
