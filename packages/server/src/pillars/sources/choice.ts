import type { PluginContext } from "portico/kernel";
import { raise } from "./errors.ts";
import { reservedBelow } from "./event-type.ts";
import { findProvider, GENERIC, providerOf } from "./providers/index.ts";
import type { Provider, Scheme } from "./providers/index.ts";

/** The provider that a new source names. Raises `sources.unknownProvider` and `sources.badScheme`. */
export function chooseProvider(name: string, scheme: Scheme | undefined): Provider {
  const known = findProvider(name);
  if (known !== undefined) {
    if (scheme === undefined) return known;
    throw raise("sources.badScheme", { params: { reason: `${known.name} has its own` } });
  }
  if (name !== GENERIC) {
    throw raise("sources.unknownProvider", { params: { provider: name.slice(0, 64) } });
  }
  if (scheme === undefined) {
    throw raise("sources.badScheme", { params: { reason: "`hmac` needs a `scheme`" } });
  }
  const read = providerOf(scheme);
  if (!read.ok) throw raise("sources.badScheme", { params: { reason: read.reason } });
  return read.value;
}

/** Raises `sources.reservedPrefix` where a plugin emits types of this beginning. */
export function checkPrefix(prefix: string, ctx: PluginContext): void {
  const reserved = reservedBelow(prefix, ctx);
  if (reserved !== undefined) {
    throw raise("sources.reservedPrefix", { params: { prefix, ...reserved } });
  }
}
