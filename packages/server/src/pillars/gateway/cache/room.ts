import type { PluginContext } from "portico/kernel";
import type { CacheRoom } from "./cache-call.ts";
import { ChangedUris } from "./announce.ts";
import { CACHE_CHANGES, isBy, purgeOf } from "./changes.ts";
import { Flights } from "./flights.ts";
import { CacheStore } from "./store.ts";

/** Opens the cache of this process, of at most so many bytes. It drops what is purged in any process, since each has its own. */
export function openCacheRoom(ctx: PluginContext, bytesMax: number): CacheRoom {
  const { monotonic, now } = ctx.clock;
  const store = new CacheStore(bytesMax);
  const changed = new ChangedUris(ctx);
  ctx.changes.watch(CACHE_CHANGES, (id) => {
    if (!isBy(id, changed.process)) store.purge(purgeOf(id));
  });
  ctx.meter.gauge("gateway_cache_bytes", "Memory of cached replies", () => store.counts.bytes);
  ctx.meter.gauge("gateway_cache_replies", "Cached replies", () => store.counts.entries);
  return { store, changed, flights: new Flights(monotonic), monotonic, now };
}
