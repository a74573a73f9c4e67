import type { Statistic } from "portico/kernel";
import { countRollups } from "./analytics/index.ts";
import { Insight } from "./capability.ts";
import { settingsOf } from "./settings.ts";

function statistic(id: string, label: string, column: "count" | "errors"): Statistic {
  return {
    id,
    label,
    unit: "requests",
    count: async (query, ctx) => {
      // So that what this process has counted a moment ago is told of as well.
      await ctx.get(Insight).flush();
      return countRollups(ctx, query, { column, retention: settingsOf(ctx).analytics });
    },
  };
}

/** Requests of all processes, by the time of their answer. */
export const requestsAnswered: Statistic = statistic(
  "insight.requests",
  "Requests that were answered",
  "count",
);

/** Those of them that were answered with 500 or above. */
export const requestsFailed: Statistic = statistic(
  "insight.errors",
  "Requests that failed, from 500 on",
  "errors",
);
