import type { GatewaySettings } from "../settings.ts";

/** What a new configuration did, by the ids of APIs and upstreams. */
export interface ConfigChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Compares two configurations, of which the second has taken over what is the same: `api shop`, `upstream pool`. */
export function compareConfigs(before: GatewaySettings, after: GatewaySettings): ConfigChanges {
  const [old, now] = [named(before), named(after)];
  return {
    added: [...now.keys()].filter((name) => !old.has(name)),
    changed: [...now]
      .filter(([name, settings]) => {
        const known = old.get(name);
        return known !== undefined && known !== settings;
      })
      .map(([name]) => name),
    removed: [...old.keys()].filter((name) => !now.has(name)),
  };
}

function named({ apis, upstreams }: GatewaySettings): ReadonlyMap<string, object> {
  return new Map<string, object>([
    ...apis.map((api) => [`api ${api.id}`, api] as const),
    ...upstreams.map((upstream) => [`upstream ${upstream.id}`, upstream] as const),
  ]);
}
