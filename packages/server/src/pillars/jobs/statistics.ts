import { Jobs } from "portico/kernel";
import type { Statistic } from "portico/kernel";
import { settingsOf } from "./settings.ts";

const DAY_MS = 86_400_000;

/** Jobs by the time they ended in failure. Those that are done leave no row, and are counted by the metrics alone. */
export const jobsFailed: Statistic = {
  id: "jobs.failed",
  label: "Jobs that failed for good or were set aside",
  unit: "jobs",
  count: async (query, ctx) => {
    const counts = await ctx.get(Jobs).countFailed(query);
    if (counts === undefined) return undefined;
    return { ...counts, since: ctx.clock.now() - settingsOf(ctx).keepDays * DAY_MS };
  },
};
