import type { CacheStore } from "./store.ts";

interface TableRoute {
  readonly api: { readonly id: string };
}

/**
 * Takes out the replies of every API whose routes another table has changed: what was stored by the old ones, of an older
 * upstream or before a transform, is not what the new ones would answer. A route that has not changed is the same object.
 */
export function forgetChanged(
  store: CacheStore,
  before: readonly TableRoute[],
  after: readonly TableRoute[],
): void {
  if (store.isEmpty) return;
  const [old, fresh] = [new Set(before), new Set(after)];
  const apis = new Set<string>();
  for (const route of before) if (!fresh.has(route)) apis.add(route.api.id);
  for (const route of after) if (!old.has(route)) apis.add(route.api.id);
  for (const api of apis) store.purge({ kind: "api", api });
}
