import { Registry } from "portico/kernel";
import type { PluginContext, RegistryFace } from "portico/kernel";
import { raise } from "./errors.ts";

const owners = new WeakMap<RegistryFace, ReadonlyMap<string, string>>();

/** Raises `events.reservedType` for a type that a plugin declares: its reactions trust that it happened. */
export function refuseReserved(type: string, ctx: PluginContext): void {
  const registry = ctx.get(Registry);
  let known = owners.get(registry);
  if (known === undefined) {
    known = new Map(registry.events.map((event) => [event.type, event.owner]));
    owners.set(registry, known);
  }
  const owner = known.get(type);
  if (owner !== undefined) throw raise("events.reservedType", { params: { type, owner } });
}
