import { Buffer } from "node:buffer";
import type { Clock, MakeId } from "../../base/index.ts";
import type {
  Access,
  AnyPlugin,
  Capability,
  ChangeFeed,
  Contributed,
  Log,
  Logger,
  Meter,
  Origin,
  Outbound,
  PluginContext,
  Point,
  Secrets,
  ServerFacts,
  Tokens,
} from "../contract/index.ts";
import type { StoreHub } from "../store/index.ts";
import { raise } from "./errors.ts";

/** What every plugin's context is made of. */
export interface Services {
  readonly clock: Clock;
  readonly fillRandom: (bytes: Uint8Array) => void;
  readonly makeId: MakeId;
  readonly logger: Logger;
  readonly meter: Meter;
  readonly hub: StoreHub;
  readonly log: Log;
  readonly changes: ChangeFeed;
  readonly access: Access;
  readonly secrets: Secrets;
  readonly tokens: Tokens;
  readonly outbound: Outbound;
  readonly server: ServerFacts;
}

/** What is found by id while the server runs: filled as plugins start. */
export interface Exchange {
  readonly plugins: readonly AnyPlugin[];
  /** Capability id → value, present once its plugin has started. */
  readonly provided: Map<string, unknown>;
  /** Point id → contributions in the order of the plugins. */
  readonly contributed: ReadonlyMap<string, readonly OwnedContribution[]>;
  /** Plugin id → its context. */
  readonly contexts: Map<string, PluginContext>;
}

/** A contribution and whose it is. */
export interface OwnedContribution {
  readonly plugin: string;
  readonly value: unknown;
}

/** Collects what plugins add to points, in the order of the plugins. */
export function collectContributions(
  plugins: readonly AnyPlugin[],
): ReadonlyMap<string, readonly OwnedContribution[]> {
  const all = plugins.flatMap(({ id: plugin, contributes = [] }) =>
    contributes.map(({ point, value }) => ({ point, plugin, value })),
  );
  return Map.groupBy(all, ({ point }) => point);
}

/**
 * The context of one plugin: its own view of the store and its settings beside what all share. `settings` is asked at each
 * use, since some of them change while the server runs.
 */
export function contextOf(
  plugin: AnyPlugin,
  settings: () => unknown,
  { services, exchange }: { readonly services: Services; readonly exchange: Exchange },
): PluginContext {
  const { hub, ...shared } = services;
  return {
    ...shared,
    plugin: plugin.id,
    get settings() {
      return settings();
    },
    store: hub.for(plugin.id),
    newOrigin: (actor) => newOrigin(actor, services),
    get: <TFace>(wanted: Capability<TFace>): TFace => {
      if (!exchange.provided.has(wanted.id) || !mayUse(plugin, wanted.id, exchange.plugins)) {
        throw raise("app.notNeeded", {
          params: { plugin: plugin.id, capability: wanted.id },
        });
      }
      // The id names the type: whoever declared the capability provided this value under it.
      return exchange.provided.get(wanted.id) as TFace;
    },
    contributions: (to) => contributionsTo(exchange, to),
  };
}

/** What plugins added to a point, each with its owner's context. */
export function contributionsTo<TContribution>(
  { contributed, contexts }: Exchange,
  to: Point<TContribution>,
): readonly Contributed<TContribution>[] {
  return (contributed.get(to.id) ?? []).flatMap(({ plugin, value }) => {
    const ctx = contexts.get(plugin);
    // The id names the type: `add` took this value for the point of this id.
    return ctx === undefined ? [] : [{ plugin, value: value as TContribution, ctx }];
  });
}

/** The same before contexts are made: the bare values. */
export function valuesAt<TContribution>(
  { contributed }: Exchange,
  to: Point<TContribution>,
): readonly TContribution[] {
  return (contributed.get(to.id) ?? []).map(({ value }) => value as TContribution);
}

function mayUse(plugin: AnyPlugin, id: string, plugins: readonly AnyPlugin[]): boolean {
  // The kernel's own capabilities are everybody's.
  if (id.startsWith("kernel.")) return true;
  const provides = (each: AnyPlugin): boolean =>
    (each.provides ?? []).some((capability) => capability.id === id);
  return plugins.some(
    (each) => provides(each) && (each === plugin || (plugin.needs ?? []).includes(each.id)),
  );
}

/** A new thread: a fresh trace id, caused by nothing but its actor. */
function newOrigin(
  actor: string,
  { fillRandom, makeId }: Pick<Services, "fillRandom" | "makeId">,
): Origin {
  const trace = Buffer.alloc(16);
  fillRandom(trace);
  return { cause: makeId("root"), trace: trace.toString("hex"), actor };
}
