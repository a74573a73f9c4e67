import type { Purge } from "./store.ts";

/** Kind of the change by which every process learns of a purge. */
export const CACHE_CHANGES = "gateway.cache";

/** The purge as the id of a change. */
export function toChange(purge: Purge): string {
  return JSON.stringify(purge);
}

/** Reads it back. What cannot be read, or `*`, is everything: dropping too much is only slow. */
export function purgeOf(id: string): Purge {
  if (!id.startsWith("{")) return { kind: "all" };
  const purge = JSON.parse(id) as Purge;
  return ["api", "path", "tags"].includes(purge.kind) ? purge : { kind: "all" };
}
