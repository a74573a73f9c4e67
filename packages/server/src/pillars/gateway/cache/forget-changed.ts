import type { CacheStore } from "./store.ts";

/**
 * Takes out the replies of every API whose routes another table has changed: what was stored by the old ones, of an older
 * upstream or before a transform, is not what the new ones would answer.
 */
export function forgetChanged(
  store: CacheStore,
  apis: ReadonlySet<string>,
  monotonicMs: number,
): void {
  for (const api of apis) store.forgetRoutes(api, monotonicMs);
}
