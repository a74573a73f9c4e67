import type { Clock } from "portico/kernel";
import type { CacheRoom } from "./cache-call.ts";
import { Flights } from "./flights.ts";
import { CacheStore } from "./store.ts";

/** Makes the cache of a server, of at most so many bytes. */
export function createCacheRoom(bytesMax: number, { monotonic, now }: Clock): CacheRoom {
  return { store: new CacheStore(bytesMax), flights: new Flights(monotonic), monotonic, now };
}
