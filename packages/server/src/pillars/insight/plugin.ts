import { join } from "node:path";
import { add, definePlugin, provide, RequestObservers, Timeline } from "portico/kernel";
import type { AnyPlugin, PluginContext, TimelineEntry } from "portico/kernel";
import { Insight } from "./capability.ts";
import { fileRows } from "./file-rows.ts";
import { memoryRows } from "./memory-rows.ts";
import { listAudit } from "./operations/list-audit.ts";
import { listRequests } from "./operations/list-requests.ts";
import { RequestLog } from "./request-log.ts";
import type { PlacedRow, RequestRows } from "./request-row.ts";
import { InsightSettings } from "./settings.ts";

const THREAD_ROWS_MAX = 200;

/**
 * Makes the request log. Each server gets its own, since it holds that server's file.
 *
 * @example
 * export default defineConfig({ plugins: [insight()] });
 */
export function insight(): AnyPlugin {
  let running: RequestLog | undefined;
  return definePlugin({
    id: "insight",
    version: "1.0.0",
    engine: "^1",
    settings: InsightSettings,
    permissions: { "insight:read": "See the request log", "audit:read": "See the audit" },
    operations: [listRequests, listAudit],
    provides: [Insight],
    contributes: [
      add(RequestObservers, { answered: (request) => running?.take(request) }),
      add(Timeline, {
        id: "insight",
        entries: async ({ organization, trace }) => {
          const query = { organization, trace, limit: THREAD_ROWS_MAX };
          return ((await running?.find(query)) ?? []).map(toEntry);
        },
      }),
    ],
    start: (ctx) => {
      const withoutRow = ctx.meter.counter(
        "insight_requests_without_row_total",
        "Requests that were counted but got no row in the request log",
      );
      const log = new RequestLog({
        rows: rowsFor(ctx),
        settings: ctx.settings,
        clock: ctx.clock,
        uncounted: (rows) => withoutRow.add(rows),
      });
      running = log;
      return Promise.resolve({
        provides: [provide(Insight, { requests: (query) => log.find(query) })],
        stop: async () => {
          running = undefined;
          await log.close();
        },
      });
    },
  });
}

function rowsFor(ctx: PluginContext<InsightSettings>): RequestRows {
  const { rowsMax } = ctx.settings;
  const { dataFolder } = ctx.server;
  if (dataFolder === undefined) return memoryRows(rowsMax);
  return fileRows({ file: join(dataFolder, "requests.db"), rowsMax }, (detail) =>
    ctx.logger.warn({ detail }, "the request log failed"),
  );
}

function toEntry({ row }: PlacedRow): TimelineEntry {
  const { id, at, method, path, status, durationMs, route, subject, code } = row;
  return {
    kind: "request",
    id,
    cause: null,
    at,
    summary: `${method} ${path} → ${status}`,
    details: { method, path, route, status, durationMs, subject, code },
  };
}
