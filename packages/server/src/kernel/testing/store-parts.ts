import type { Origin } from "../contract/index.ts";
import type { Writers } from "../store/index.ts";

/** A thread for tests that follow none. */
export const testOrigin: Origin = { cause: "req_test", trace: "0".repeat(32), actor: "test" };

/** Writers that keep nothing, for tests of the store alone: the log, jobs and audit rooms bring the real ones. */
export function silentWriters(): Writers {
  return {
    emit: () => ({ id: "evt_test", statements: [] }),
    enqueue: () => ({ id: "job_test", statements: [] }),
    audit: () => [],
    committed: () => undefined,
  };
}
