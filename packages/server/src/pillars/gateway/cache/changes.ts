import type { Purge } from "./store.ts";

/** Kind of the change by which every process learns of a purge. */
export const CACHE_CHANGES = "gateway.cache";

/** The purge as the id of a change. `by` names the process that has made it already. */
export function toChange(purge: Purge, by?: string): string {
  return JSON.stringify({ ...purge, by });
}

/** Reads it back. What cannot be read, or `*`, is everything: dropping too much is only slow. */
export function purgeOf(id: string): Purge {
  if (!id.startsWith("{")) return { kind: "all" };
  const purge = JSON.parse(id) as Purge;
  return ["api", "path", "tags", "uris"].includes(purge.kind) ? purge : { kind: "all" };
}

/** True for a change that comes back to the process that made it. */
export function isBy(id: string, process: string): boolean {
  return id.startsWith("{") && (JSON.parse(id) as { readonly by?: unknown }).by === process;
}
