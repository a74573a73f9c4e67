import { Buffer } from "node:buffer";
import type { Clock, MakeId } from "../../base/index.ts";
import type { Logger, SchedulesFace } from "../contract/index.ts";
import type { JobRegistry, Sequels } from "../jobs/index.ts";
import type { StoreHub } from "../store/index.ts";
import { syncDeclared } from "./declared.ts";
import type { Declared } from "./declared.ts";
import { createFace } from "./face.ts";
import { endOfScheduled } from "./pausing.ts";
import { createTicker } from "./ticker.ts";

/** What schedules need. */
export interface SchedulesOptions {
  readonly hub: StoreHub;
  readonly registry: JobRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly makeId: MakeId;
  readonly fillRandom: (bytes: Uint8Array) => void;
}

/** The schedules of one process. */
export interface RunningSchedules {
  /** Stores what plugins declare, then ticks. */
  start(declared: readonly Declared[]): Promise<void>;
  stop(): Promise<void>;
  /** What plugins are given as `kernel.schedules@1`. */
  readonly face: SchedulesFace;
}

/** Makes the schedules; nothing ticks before `start`. */
export function createSchedules(options: SchedulesOptions): RunningSchedules {
  const { hub, registry, makeId, fillRandom } = options;
  const ticker = createTicker({
    ...options,
    knows: (plugin, job) => registry.find(plugin, job) !== undefined,
    newOrigin: ({ id, actor }) => {
      const trace = Buffer.alloc(16);
      fillRandom(trace);
      return { cause: id, trace: trace.toString("hex"), actor };
    },
  });
  return {
    start: async (declared) => {
      await syncDeclared(hub, declared);
      ticker.start();
    },
    stop: () => ticker.stop(),
    face: createFace({ hub, registry, makeId }),
  };
}

/** What the jobs engine is told to write with the end of a schedule's job. */
export function scheduleSequels(hub: StoreHub): Pick<Sequels, "endOfScheduled"> {
  return { endOfScheduled: (schedule, end) => endOfScheduled(hub.driver.dialect, schedule, end) };
}
