import { join } from "node:path";
import {
  add,
  CliVerbs,
  DEFAULT_ORGANIZATION,
  definePlugin,
  FailureObservers,
  job,
  provide,
  RequestObservers,
  Statistics,
  Timeline,
} from "portico/kernel";
import type { AnyPlugin, Contribution, PluginContext, TimelineEntry } from "portico/kernel";
import { Type } from "typebox";
import { compactRollups } from "./analytics/index.ts";
import { Insight } from "./capability.ts";
import { loginsRefused, requestsAnswered, requestsFailed } from "./statistics.ts";
import { explainVerb } from "./cli/explain.ts";
import { listVerb, showVerb } from "./cli/requests.ts";
import { tailVerb } from "./cli/tail.ts";
import { insightErrors } from "./errors.ts";
import { forgetErrors, ofFailure } from "./failures/index.ts";
import { createRollups } from "./migrations/0001-create-rollups.ts";
import { createErrors } from "./migrations/0002-create-errors.ts";
import { muteError, reopenError, resolveError } from "./operations/change-error.ts";
import { explain } from "./operations/explain-request.ts";
import { exportAudit } from "./operations/export-audit.ts";
import { getAnalytics } from "./operations/get-analytics.ts";
import { getError } from "./operations/get-error.ts";
import { getRequest } from "./operations/get-request.ts";
import { listAudit } from "./operations/list-audit.ts";
import { listCheckpoints } from "./operations/list-checkpoints.ts";
import { listErrors } from "./operations/list-errors.ts";
import { listRequests } from "./operations/list-requests.ts";
import { reportError } from "./operations/report-error.ts";
import { insightPermissions } from "./permissions.ts";
import { fileRows, memoryRows } from "./requests/index.ts";
import type { PlacedRow, RequestRows } from "./requests/index.ts";
import { InsightSettings, settingsOf } from "./settings.ts";
import { insightTables } from "./tables.ts";
import { Watch } from "./watch.ts";

const THREAD_ROWS_MAX = 200;
const UPKEEP_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

/**
 * Makes the request log, the analytics and the errors. Each server gets its own, since it holds that server's file.
 *
 * @example
 * export default defineConfig({ plugins: [insight()] });
 */
export function insight(): AnyPlugin {
  let running: Watch | undefined;
  return definePlugin({
    id: "insight",
    version: "1.0.0",
    engine: "^1",
    settings: InsightSettings,
    permissions: insightPermissions,
    errors: insightErrors,
    tables: insightTables,
    migrations: [createRollups, createErrors],
    operations: [
      listRequests,
      explain,
      getRequest,
      getAnalytics,
      reportError,
      listErrors,
      getError,
      resolveError,
      muteError,
      reopenError,
      listAudit,
      exportAudit,
      listCheckpoints,
    ],
    jobs: { upkeep },
    provides: [Insight],
    contributes: contributionsOf(() => running),
    start: async (ctx) => {
      const watch = new Watch(ctx, rowsFor(ctx));
      running = watch;
      await beginUpkeep(ctx);
      return {
        provides: [
          provide(Insight, {
            requests: (query) => watch.log.find(query),
            follow: (filters, signal) => watch.log.follow(filters, signal),
            flush: () => watch.flush(),
          }),
        ],
        stop: async () => {
          running = undefined;
          await watch.close();
        },
      };
    },
  });
}

function contributionsOf(running: () => Watch | undefined): readonly Contribution[] {
  return [
    add(RequestObservers, {
      answered: (request) => running()?.answered(request),
      bodyBytes: () => running()?.bodyBytes() ?? 0,
    }),
    add(FailureObservers, { failed: (failure) => running()?.failed(() => ofFailure(failure)) }),
    add(CliVerbs, listVerb),
    add(CliVerbs, showVerb),
    add(CliVerbs, tailVerb),
    add(CliVerbs, explainVerb),
    add(Statistics, requestsAnswered),
    add(Statistics, requestsFailed),
    add(Statistics, loginsRefused),
    add(Timeline, {
      id: "insight",
      entries: async ({ organization, trace }) => {
        const query = { organization, trace, limit: THREAD_ROWS_MAX };
        return ((await running()?.log.find(query)) ?? []).map(toEntry);
      },
    }),
  ];
}

/** One for the installation, whichever process runs it: it never ends, but sleeps until it is needed again. */
const upkeep = job({
  input: Type.Object({}),
  timeoutMs: 120_000,
  cancellable: false,
  // It is needed for as long as there is a server, whatever happened to the database meanwhile.
  attempts: Number.MAX_SAFE_INTEGER,
  backoffMs: () => UPKEEP_MS,
  async run({ ctx }) {
    const settings = settingsOf(ctx);
    await compactRollups(ctx, settings.analytics);
    await forgetErrors(ctx, settings.errors);
    return { kind: "snooze", afterMs: UPKEEP_MS };
  },
});

async function beginUpkeep(ctx: PluginContext): Promise<void> {
  const origin = ctx.newOrigin("insight");
  await ctx.store.transaction({ scope: { organization: DEFAULT_ORGANIZATION }, origin }, (tx) => {
    tx.enqueue("upkeep", {}, { unique: "upkeep", priority: 9 });
    return Promise.resolve();
  });
}

function rowsFor(ctx: PluginContext): RequestRows {
  const { rowsMax, bytesMax, rowDays } = settingsOf(ctx);
  const { dataFolder } = ctx.server;
  const retention = { rowsMax, bytesMax, ageMaxMs: rowDays * DAY_MS };
  if (dataFolder === undefined) return memoryRows(retention);
  return fileRows({ file: join(dataFolder, "requests.db"), ...retention }, (detail) =>
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
