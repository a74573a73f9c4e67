import { add, definePlugin, Limiters, provide } from "portico/kernel";
import type { AnyPlugin, LimitDecision, Limiter, PluginContext } from "portico/kernel";
import { Limits } from "./capability.ts";
import { limitErrors, raise } from "./errors.ts";
import { createLimiter } from "./limiter.ts";
import type { CountingLimiter } from "./limiter.ts";
import { createCounters } from "./migrations/0001-create-counters.ts";
import { createSlots } from "./migrations/0002-create-slots.ts";
import { checkLimit } from "./operations/check-limit.ts";
import { limitPermissions } from "./permissions.ts";
import { readPolicies } from "./policies.ts";
import type { NamedPolicies } from "./policies.ts";
import { LimitSettings } from "./settings.ts";
import { databaseSlots, databaseStore, purgeCounts } from "./store/index.ts";

const PURGE_MS = 3_600_000;

/**
 * Makes the limits pillar. Each server gets its own, since what it contributes counts for that server alone.
 *
 * @example
 * export default defineConfig({
 *   limits: { policies: { searches: { limit: 100, window: "hour", per: "user" } } },
 * });
 */
export function limits(): AnyPlugin {
  let running: Required<Limiter> | undefined;
  const started = (): Required<Limiter> => {
    if (running === undefined) throw raise("limits.notStarted");
    return running;
  };
  return definePlugin({
    id: "limits",
    version: "1.0.0",
    engine: "^1",
    settings: LimitSettings,
    permissions: limitPermissions,
    errors: limitErrors,
    tables: { limits_counters: "instance", limits_slots: "instance" },
    migrations: [createCounters, createSlots],
    operations: [checkLimit],
    contributes: [
      add(Limiters, {
        take: (request) => started().take(request),
        mistakes: (specs) => started().mistakes(specs),
      }),
    ],
    provides: [Limits],
    start: (ctx) => {
      const limiter = limiterOf(ctx, policiesOf(ctx.settings));
      running = counted(ctx, limiter);
      const endPurging = purgeHourly(ctx);
      return Promise.resolve({
        provides: [provide(Limits, running)],
        stop: async () => {
          endPurging();
          await limiter.close();
        },
      });
    },
  });
}

function policiesOf(settings: LimitSettings): NamedPolicies {
  const { policies, mistakes } = readPolicies(settings.policies);
  if (mistakes.length === 0) return policies;
  throw raise("limits.badPolicies", {
    params: {
      count: mistakes.length,
      mistakes: mistakes.map(({ name, detail }) => `'${name}': ${detail}`).join("; "),
    },
    errors: mistakes.map(({ name, detail }) => ({ pointer: `/limits/policies/${name}`, detail })),
  });
}

function limiterOf(ctx: PluginContext<LimitSettings>, policies: NamedPolicies): CountingLimiter {
  const { bucketsMax, xRateLimitHeaders } = ctx.settings;
  const limiter = createLimiter({
    clock: ctx.clock,
    policies,
    bucketsMax,
    tellsResetAt: xRateLimitHeaders,
    store: databaseStore(ctx),
    // A SQLite file has one process: there is nobody to share with.
    ...(ctx.store.dialect === "postgres" ? { slots: databaseSlots(ctx) } : {}),
    storeFailed: (error) => ctx.logger.warn({ err: error }, "the counts of limits cannot be asked"),
  });
  ctx.meter.gauge("limits_buckets", "Counts of limits held in memory", limiter.size);
  return limiter;
}

/** The limiter with its refusals counted. */
function counted(ctx: PluginContext<LimitSettings>, limiter: CountingLimiter): Required<Limiter> {
  const refused = ctx.meter.counter("limits_refused_total", "Calls refused by a limit", ["window"]);
  const count = (decision: LimitDecision): LimitDecision => {
    if (!decision.allowed) refused.add(1, { window: `${decision.windowMs / 1_000}s` });
    return decision;
  };
  return {
    take: (request) => {
      const answer = limiter.take(request);
      return answer instanceof Promise ? answer.then(count) : count(answer);
    },
    mistakes: limiter.mistakes,
  };
}

function purgeHourly(ctx: PluginContext<LimitSettings>): () => void {
  let cancel = (): void => undefined;
  const again = (): void => {
    cancel = ctx.clock.after(PURGE_MS, () => {
      purgeCounts(ctx).catch((error: unknown) => {
        ctx.logger.warn({ err: error }, "old counts of limits were not deleted; again in an hour");
      });
      again();
    });
  };
  again();
  return () => cancel();
}
