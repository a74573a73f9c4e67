import { Registry } from "portico/kernel";
import type { PluginContext, RegistryFace } from "portico/kernel";
import type { Provider } from "./providers/index.ts";
import { textAt } from "./verification/index.ts";
import type { Message } from "./verification/index.ts";

const TYPE_LENGTH_MAX = 128;

/** Beginnings of event types that a source may have: `stripe`, `billing.stripe`. */
export const PREFIX_PATTERN = "^[a-z][a-z0-9_-]{0,39}(?:\\.[a-z0-9_-]{1,40}){0,2}$";

/** The type of the event that a message becomes: the source's prefix, and what the provider's row says of the message. */
export function eventTypeOf(message: Message, prefix: string, provider: Provider): string {
  const found = provider.eventType
    .map((places) => places.map((place) => textAt(message, place)))
    .find((texts) => texts.every((text) => text !== undefined));
  const rest = found === undefined ? "" : found.map(wordsOf).filter(Boolean).join(".");
  return `${prefix}.${rest === "" ? provider.otherType : rest}`
    .slice(0, TYPE_LENGTH_MAX)
    .replace(/\.+$/, "");
}

/** What may stand in a type: `orders/create` → `orders.create`, anything else that is no part of a word → `_`. */
function wordsOf(text = ""): string {
  return text
    .slice(0, TYPE_LENGTH_MAX)
    .replaceAll(/[/:]/g, ".")
    .replaceAll(/[^A-Za-z0-9_.-]/g, "_")
    .split(".")
    .filter(Boolean)
    .join(".");
}

const known = new WeakMap<RegistryFace, ReadonlyMap<string, string>>();

function typesOf(ctx: PluginContext): ReadonlyMap<string, string> {
  const registry = ctx.get(Registry);
  const types =
    known.get(registry) ?? new Map(registry.events.map(({ type, owner }) => [type, owner]));
  known.set(registry, types);
  return types;
}

/** True for a type that a plugin declares: its reactions trust that it happened here. */
export function isReserved(type: string, ctx: PluginContext): boolean {
  return typesOf(ctx).has(type);
}

/** The type of a plugin that begins with this prefix, and the plugin. */
export function reservedBelow(
  prefix: string,
  ctx: PluginContext,
): { readonly type: string; readonly owner: string } | undefined {
  const found = [...typesOf(ctx)].find(([type]) => type.startsWith(`${prefix}.`));
  return found && { type: found[0], owner: found[1] };
}
