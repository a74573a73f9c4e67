import type { Counter, Histogram, PluginContext, ServerFacts } from "portico/kernel";
import { signingKeys } from "./asymmetric.ts";
import type { SigningKeys } from "./asymmetric.ts";
import { recentEvents } from "./recent.ts";
import type { RecentEvents } from "./recent.ts";
import { keepTargets } from "./target.ts";
import type { Targets } from "./target.ts";

/** What the pillar keeps in the memory of one server; none of it is needed after a crash. */
export interface WebhooksState {
  readonly targets: Targets;
  readonly recent: RecentEvents;
  readonly keys: SigningKeys;
  /** Failures in a row of each webhook in this process. */
  readonly streaks: Map<string, number>;
  readonly attempts: Counter;
  readonly durations: Histogram;
}

// Jobs, reactions and contributions are declared before any server runs. They find the memory of the server they run in
// by its facts; two servers in one process share nothing.
const states = new WeakMap<ServerFacts, WebhooksState>();

/** Opens the memory of one server. */
export function openState(ctx: PluginContext): WebhooksState {
  const state: WebhooksState = {
    targets: keepTargets(ctx),
    recent: recentEvents(),
    keys: signingKeys(ctx.secrets),
    streaks: new Map(),
    attempts: ctx.meter.counter("webhook_attempts_total", "Attempts to deliver an event", [
      "outcome",
    ]),
    durations: ctx.meter.histogram("webhook_delivery_duration_seconds", "Duration of attempts"),
  };
  states.set(ctx.server, state);
  return state;
}

/** The memory of the server that this context belongs to. */
export function stateOf(ctx: PluginContext): WebhooksState {
  return states.get(ctx.server) ?? openState(ctx);
}
