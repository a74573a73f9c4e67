import type { AnsweredRequest, PluginContext } from "portico/kernel";
import { Counter, minuteWriter } from "./analytics/index.ts";
import { FailureCollector, ofRequest, writeGroups } from "./failures/index.ts";
import type { Occurrence } from "./failures/index.ts";
import { redactor, RequestLog } from "./requests/index.ts";
import type { RequestRows } from "./requests/index.ts";
import { settingsOf } from "./settings.ts";
import type { InsightSettings } from "./settings.ts";

/** What looks on in one process: counts every request, keeps rows of some, and collects what fails. */
export class Watch {
  readonly log: RequestLog;
  readonly #counter: Counter;
  readonly #failures: FailureCollector;
  readonly #bodies: InsightSettings["bodies"];
  #drawn = 0;

  constructor(ctx: PluginContext, rows: RequestRows) {
    const settings = settingsOf(ctx);
    this.#bodies = settings.bodies;
    this.log = logOf(ctx, rows);
    this.#counter = counterOf(ctx);
    const lost = ctx.meter.counter(
      "insight_failures_lost_total",
      "Failures that were met but not kept, since there were too many at once",
    );
    this.#failures = new FailureCollector({
      clock: ctx.clock,
      write: (groups) => writeGroups(ctx, groups),
      lost: (count) => lost.add(count),
    });
  }

  /** On the hot path. */
  answered(request: AnsweredRequest): void {
    this.#counter.count(request);
    if (request.status >= 500) this.failed(() => ofRequest(request));
    this.log.take(request);
  }

  failed(describe: () => Occurrence): void {
    this.#failures.take(describe);
  }

  /** How much is kept of the bodies of the call that begins. */
  bodyBytes(): number {
    const { oneIn, bytesMax } = this.#bodies;
    if (oneIn === 0) return 0;
    this.#drawn += 1;
    return this.#drawn % oneIn === 0 ? bytesMax : 0;
  }

  async flush(): Promise<void> {
    await Promise.all([this.#counter.flush(), this.#failures.flush()]);
  }

  async close(): Promise<void> {
    await this.flush();
    await this.log.close();
  }
}

function logOf(ctx: PluginContext, rows: RequestRows): RequestLog {
  const settings = settingsOf(ctx);
  const withoutRow = ctx.meter.counter(
    "insight_requests_without_row_total",
    "Requests that were counted but got no row in the request log",
  );
  return new RequestLog({
    rows,
    settings,
    clock: ctx.clock,
    redact: redactor({ headers: settings.hiddenHeaders, fields: settings.hiddenFields }),
    uncounted: (count) => withoutRow.add(count),
  });
}

function counterOf(ctx: PluginContext): Counter {
  const { flushMs, seriesMax } = settingsOf(ctx).analytics;
  const lost = ctx.meter.counter(
    "insight_analytics_lost_total",
    "Requests whose counts could not be written while the database was away",
  );
  return new Counter({
    clock: ctx.clock,
    flushMs,
    seriesMax,
    write: minuteWriter(ctx, ctx.makeId("node")),
    trouble: (error) => ctx.logger.warn({ error }, "analytics were not written; trying again"),
    lost: (requests) => lost.add(requests),
  });
}
