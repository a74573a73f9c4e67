import type { Clock } from "../../base/index.ts";
import type { Check, CheckResult, HealthReport, PluginContext } from "../contract/index.ts";
import type { Driver } from "../store/index.ts";

/** What the probes ask. */
export interface Probes {
  /** True once config, migrations and plugins are done. */
  isStarted(): boolean;
  /** All checks, each bounded to 500 ms; at most once a second whoever asks. */
  health(): Promise<HealthReport>;
  /** Text of `/metrics` with its content type; no such path when left out. */
  readonly metrics?: () => Promise<{ readonly contentType: string; readonly text: string }>;
}

/** What {@link createProbes} needs. */
export interface ProbeOptions {
  readonly driver: Pick<Driver, "query">;
  readonly checks: readonly { readonly check: Check; readonly ctx: PluginContext }[];
  readonly version: string;
  readonly clock: Clock;
  readonly isStarted: () => boolean;
  readonly metrics?: Probes["metrics"];
}

const CHECK_MS = 500;
const FRESH_MS = 1_000;

/** Probes over the database and the checks that plugins contribute. */
export function createProbes(options: ProbeOptions): Probes {
  const startedAt = options.clock.monotonic();
  let last: { readonly at: number; readonly report: Promise<HealthReport> } | undefined;
  const health = (): Promise<HealthReport> => {
    const now = options.clock.monotonic();
    // One run serves everybody who asks within a second: strangers cannot make the database busy.
    if (last === undefined || now - last.at > FRESH_MS) {
      last = { at: now, report: runChecks(options, Math.floor((now - startedAt) / 1_000)) };
    }
    return last.report;
  };
  return {
    isStarted: options.isStarted,
    health,
    ...(options.metrics === undefined ? {} : { metrics: options.metrics }),
  };
}

async function runChecks(options: ProbeOptions, uptime: number): Promise<HealthReport> {
  const runs: readonly (readonly [string, () => Promise<CheckResult>])[] = [
    ["database", () => pingDatabase(options.driver)],
    ...options.checks.map(
      ({ check, ctx }) => [check.id, (): Promise<CheckResult> => check.run(ctx)] as const,
    ),
  ];
  const entries = await Promise.all(
    runs.map(async ([id, run]) => [id, await bounded(run, options.clock)] as const),
  );
  const checks = Object.fromEntries(entries);
  return { status: worst(checks), version: options.version, uptime, checks };
}

async function pingDatabase(driver: Pick<Driver, "query">): Promise<CheckResult> {
  await driver.query({ sql: "select 1 as one", parameters: [] });
  return { status: "ok", detail: "The database answers." };
}

async function bounded(run: () => Promise<CheckResult>, clock: Clock): Promise<CheckResult> {
  const from = clock.monotonic();
  const late = Promise.withResolvers<CheckResult>();
  const cancel = clock.after(CHECK_MS, () => {
    late.resolve({ status: "fail", detail: `No answer within ${CHECK_MS} ms.` });
  });
  try {
    const result = await Promise.race([run(), late.promise]);
    return { latencyMs: Math.round((clock.monotonic() - from) * 10) / 10, ...result };
  } catch {
    // The reason may hold addresses or credentials; the room that failed has logged it.
    return { status: "fail", detail: "The check failed; the server's log has the reason." };
  } finally {
    cancel();
  }
}

/** Without its database the server fails; everything else only degrades it. */
function worst(checks: Readonly<Record<string, CheckResult>>): HealthReport["status"] {
  if (checks["database"]?.status === "fail") return "fail";
  return Object.values(checks).every((check) => check.status === "ok") ? "ok" : "degraded";
}
