import type { Counter, PluginContext, ServerFacts } from "portico/kernel";
import { keepSources } from "./keep-sources.ts";
import type { KeptSources } from "./keep-sources.ts";
import { openQuarantineRoom } from "./quarantine-room.ts";
import type { QuarantineRoom } from "./quarantine-room.ts";

/** What the pillar keeps in the memory of one server; none of it is needed after a crash. */
export interface SourcesState {
  readonly sources: KeptSources;
  readonly room: QuarantineRoom;
  readonly messages: Counter;
}

// Contributions are declared before any server runs; they find the memory of the server they run in by its facts.
const states = new WeakMap<ServerFacts, SourcesState>();

/** Opens the memory of one server. */
export function openState(ctx: PluginContext): SourcesState {
  const state: SourcesState = {
    sources: keepSources(ctx),
    room: openQuarantineRoom(ctx),
    messages: ctx.meter.counter("source_messages_total", "Messages that came in by sources", [
      "outcome",
    ]),
  };
  states.set(ctx.server, state);
  return state;
}

/** The memory of the server that this context belongs to. */
export function stateOf(ctx: PluginContext): SourcesState {
  return states.get(ctx.server) ?? openState(ctx);
}

/** For operations that change a source: whoever was answered finds the change in force. */
export const followsChange = {
  afterCommit: (ctx: PluginContext): Promise<void> => {
    stateOf(ctx).sources.clear();
    return Promise.resolve();
  },
};
