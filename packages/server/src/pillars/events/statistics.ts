import type { Statistic } from "portico/kernel";
import { settingsOf } from "./settings.ts";

const DAY_MS = 86_400_000;

/** Events by the time they were published, those of Portico itself among them. */
export const eventsPublished: Statistic = {
  id: "events.published",
  label: "Events that were published",
  unit: "events",
  count: async (query, ctx) => {
    const counts = await ctx.log.count(query);
    const { retentionDays, retentionDaysByType } = settingsOf(ctx);
    const kept = [retentionDays, ...Object.values(retentionDaysByType)].filter((days) => days > 0);
    if (counts === undefined || kept.length === 0) return counts;
    return { ...counts, since: ctx.clock.now() - Math.min(...kept) * DAY_MS };
  },
};
