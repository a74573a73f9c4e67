import { Buffer } from "node:buffer";
import type { Clock, MakeId } from "../../base/index.ts";
import type {
  Access,
  AnyPlugin,
  Capability,
  ChangeFeed,
  Log,
  Logger,
  Meter,
  Origin,
  Outbound,
  PluginContext,
  Point,
  Secrets,
  ServerFacts,
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
  readonly outbound: Outbound;
  readonly server: ServerFacts;
}

/** What is found by id while the server runs: filled as plugins start. */
export interface Exchange {
  readonly plugins: readonly AnyPlugin[];
  /** Capability id → value, present once its plugin has started. */
  readonly provided: Map<string, unknown>;
  /** Point id → contributions in the order of the plugins. */
  readonly contributed: ReadonlyMap<string, readonly unknown[]>;
}

/** Collects what plugins add to points, in the order of the plugins. */
export function collectContributions(
  plugins: readonly AnyPlugin[],
): ReadonlyMap<string, readonly unknown[]> {
  const collected = new Map<string, unknown[]>();
  for (const { point, value } of plugins.flatMap((plugin) => plugin.contributes ?? [])) {
    const list = collected.get(point) ?? [];
    list.push(value);
    collected.set(point, list);
  }
  return collected;
}

/** The context of one plugin: its own view of the store and its settings beside what all share. */
export function contextOf(
  plugin: AnyPlugin,
  settings: unknown,
  { services, exchange }: { readonly services: Services; readonly exchange: Exchange },
): PluginContext {
  const { hub, ...shared } = services;
  return {
    ...shared,
    plugin: plugin.id,
    settings,
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
    contributions: <TContribution>(to: Point<TContribution>): readonly TContribution[] =>
      (exchange.contributed.get(to.id) ?? []) as readonly TContribution[],
  };
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
export function newOrigin(
  actor: string,
  { fillRandom, makeId }: Pick<Services, "fillRandom" | "makeId">,
): Origin {
  const trace = Buffer.alloc(16);
  fillRandom(trace);
  return { cause: makeId("root"), trace: trace.toString("hex"), actor };
}
