import { Limiters } from "portico/kernel";
import type { Caller, LimitState, PluginContext } from "portico/kernel";
import { isQuota } from "./limits.ts";

/** What a key's own limits say of one more use. */
export interface Consumed {
  readonly code: "valid" | "rateLimited" | "usageExceeded";
  /** Of the tightest limit; null without one. */
  readonly remaining: number | null;
  readonly states: readonly LimitState[];
}

const UNLIMITED: Consumed = { code: "valid", remaining: null, states: [] };

/** Takes a cost from a key's own limits, all or nothing. Throws `request.limitsUnavailable`. */
export async function consume(
  ctx: PluginContext,
  use: { readonly caller: Caller; readonly address: string; readonly cost: number },
): Promise<Consumed> {
  const limiter = ctx.contributions(Limiters)[0]?.value;
  const { limits = [] } = use.caller;
  if (limiter === undefined || limits.length === 0) return UNLIMITED;
  const decision = await limiter.take(use);
  // The application's call is not under way here.
  decision.release?.();
  const { states = [decision], remaining } = decision;
  if (decision.allowed) return { code: "valid", remaining, states };
  const isUsedUp = states.some(({ allowed, policy }) => !allowed && isQuota(policy, limits));
  return { code: isUsedUp ? "usageExceeded" : "rateLimited", remaining, states };
}
