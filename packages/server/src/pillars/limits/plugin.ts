import { add, capability, definePlugin, Limiters, provide } from "portico/kernel";
import type { AnyPlugin, Capability, LimitDecision, Limiter, LimitRequest } from "portico/kernel";
import { Type } from "typebox";
import { limitErrors, raise } from "./errors.ts";
import { memoryLimiter } from "./limiter.ts";
import type { MemoryLimiter } from "./limiter.ts";

/** Counting calls for other pillars: the gateway asks here before it proxies. */
export interface LimitsFace {
  /** Takes from every rate of the request or from none. Synchronous. Throws `limits.badRate`, `limits.badCost`. */
  take(request: LimitRequest): LimitDecision;
}

/** `limits@1` */
export const Limits: Capability<LimitsFace> = capability<LimitsFace>("limits@1");

const settings = Type.Object({
  bucketsMax: Type.Integer({
    default: 1_000_000,
    minimum: 1_000,
    description:
      "Buckets held in memory for each window length; about 200 bytes each. Subjects beyond it share buckets.",
  }),
});

/**
 * Makes the limits pillar. Each server gets its own, since what it contributes counts for that server alone.
 *
 * @example
 * export default defineConfig({ plugins: [limits()] });
 */
export function limits(): AnyPlugin {
  let running: MemoryLimiter | undefined;
  const limiter: Limiter = {
    take: (request) => {
      if (running === undefined) throw raise("limits.notStarted");
      return running.take(request);
    },
  };
  return definePlugin({
    id: "limits",
    version: "1.0.0",
    engine: "^1",
    settings,
    errors: limitErrors,
    contributes: [add(Limiters, limiter)],
    provides: [Limits],
    start: (ctx) => {
      const made = memoryLimiter({ clock: ctx.clock, bucketsMax: ctx.settings.bucketsMax });
      ctx.meter.gauge("limits_buckets", "Token buckets held in memory", made.size);
      const refused = ctx.meter.counter("limits_refused_total", "Calls refused by a rate", [
        "window",
      ]);
      const take = (request: LimitRequest): LimitDecision => {
        const decision = made.take(request);
        if (!decision.allowed) refused.add(1, { window: windowLabel(decision.windowMs) });
        return decision;
      };
      running = { ...made, take };
      return Promise.resolve({ provides: [provide(Limits, { take })] });
    },
  });
}

function windowLabel(windowMs: number): string {
  return `${windowMs / 1_000}s`;
}
