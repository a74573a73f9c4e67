import type { MakeId } from "../../base/index.ts";
import type { SchedulesFace, Tx } from "../contract/index.ts";
import type { JobRegistry } from "../jobs/index.ts";
import { placeholders } from "../log/index.ts";
import type { StoreHub } from "../store/index.ts";
import {
  addSchedule,
  changeSchedule,
  findSchedule,
  pauseSchedule,
  removeSchedule,
  resumeSchedule,
} from "./change.ts";
import type { Changing } from "./change.ts";
import { mustRead } from "./columns.ts";
import type { ScheduleTables } from "./tables.ts";
import { enqueueOf } from "./tick.ts";
import { viewSchedule } from "./view.ts";

const LIMIT_MAX = 1_000;

/** The schedules as plugins manage them: each organization its own. */
export function createFace({
  hub,
  registry,
  makeId,
}: {
  readonly hub: StoreHub;
  readonly registry: JobRegistry;
  readonly makeId: MakeId;
}): SchedulesFace {
  const changing = (tx: Tx): Changing => ({ own: hub.beside(tx).as("schedules"), registry });
  return {
    list: async ({ organization, state, after, limit }) => {
      let select = hub
        .read("schedules", { organization })
        .db<ScheduleTables>()
        .selectFrom("schedules_schedules")
        .selectAll()
        .orderBy("id")
        .limit(Math.min(limit, LIMIT_MAX));
      if (after !== undefined) select = select.where("id", ">", after);
      if (state !== undefined) select = select.where("state", "=", state);
      return (await select.execute()).map(viewSchedule);
    },
    get: async (organization, id) =>
      viewSchedule(await findSchedule(hub.read("schedules", { organization }), id)),
    create: async (tx, schedule) =>
      viewSchedule(await addSchedule(changing(tx), schedule, makeId("schedule"))),
    update: async (tx, id, changes) =>
      viewSchedule(await changeSchedule(changing(tx), id, changes)),
    remove: async (tx, id) => viewSchedule(await removeSchedule(changing(tx), id)),
    pause: async (tx, id) => viewSchedule(await pauseSchedule(changing(tx), id)),
    resume: async (tx, id) => viewSchedule(await resumeSchedule(changing(tx), id)),
    run: async (tx, id, afterMs) => {
      const beside = hub.beside(tx);
      const row = await findSchedule(beside.as("schedules"), id);
      return enqueueOf(beside.as(row.plugin), row, afterMs);
    },
    preview: (timing, after, count) => mustRead(timing).times.nextMany(after, count),
    callable: (plugin, name) => registry.find(plugin, name)?.definition.callable,
    forget: async ({ before, limit }) => {
      const sql = placeholders(hub.driver.dialect)(`delete from schedules_ticks
        where (organization, schedule, tick_at) in
          (select organization, schedule, tick_at from schedules_ticks where at < ? order by at limit ?)`);
      return hub.driver.transaction(async (tx) => {
        const { changes } = await tx.execute({ sql, parameters: [before, limit] });
        return changes;
      });
    },
  };
}
