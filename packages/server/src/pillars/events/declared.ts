import { Registry } from "portico/kernel";
import type { PluginContext, RegisteredEvent, RegistryFace } from "portico/kernel";
import { raise } from "./errors.ts";

const known = new WeakMap<RegistryFace, ReadonlyMap<string, RegisteredEvent>>();

/** The event types that plugins declare, by their names. */
export function declaredTypes(ctx: PluginContext): ReadonlyMap<string, RegisteredEvent> {
  const registry = ctx.get(Registry);
  let types = known.get(registry);
  if (types === undefined) {
    types = new Map(registry.events.map((event) => [event.type, event]));
    known.set(registry, types);
  }
  return types;
}

/** Raises `events.reservedType` for a type that a plugin declares: its reactions trust that it happened. */
export function refuseReserved(type: string, ctx: PluginContext): void {
  const owner = declaredTypes(ctx).get(type)?.owner;
  if (owner !== undefined) throw raise("events.reservedType", { params: { type, owner } });
}

/** Raises `events.typeOfPlugin` for a type that only its plugin may change. */
export function refusePluginType(type: string, ctx: PluginContext): void {
  const owner = declaredTypes(ctx).get(type)?.owner;
  if (owner !== undefined) throw raise("events.typeOfPlugin", { params: { type, owner } });
}
