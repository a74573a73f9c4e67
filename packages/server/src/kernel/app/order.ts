import type { AnyPlugin } from "../contract/index.ts";

/** The plugins so that each comes after all it needs, otherwise in the order given. Assumes needs are met, no ring. */
export function inStartOrder(plugins: readonly AnyPlugin[]): readonly AnyPlugin[] {
  const byId = new Map(plugins.map((plugin) => [plugin.id, plugin]));
  const ordered = new Set<AnyPlugin>();
  const visit = (plugin: AnyPlugin): void => {
    if (ordered.has(plugin)) return;
    for (const need of plugin.needs ?? []) {
      const needed = byId.get(need);
      if (needed !== undefined) visit(needed);
    }
    ordered.add(plugin);
  };
  for (const plugin of plugins) visit(plugin);
  return [...ordered];
}
