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

const LOGIN = "/auth/login";

/** Sign-ins that were refused, from the counts of requests: a refusal leaves no row of its own. */
export const loginsRefused: Statistic = {
  id: "insight.loginsRefused",
  label: "Sign-ins that were refused",
  unit: "requests",
  count: async (query, ctx) => {
    await ctx.get(Insight).flush();
    const { basePath } = ctx.server;
    const operations = ["/api/v1", "/api"].map((prefix) => `POST ${basePath}${prefix}${LOGIN}`);
    const { analytics: retention } = settingsOf(ctx);
    return countRollups(ctx, query, {
      column: "count",
      retention,
      only: { operations, status: 4 },
    });
  },
};

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
