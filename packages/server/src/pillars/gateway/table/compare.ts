import type { GatewaySettings } from "../settings.ts";
import { textOf } from "./reuse.ts";

/** What a new configuration did, by the ids of APIs and upstreams. */
export interface ConfigChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Compares two configurations: `api shop`, `upstream pool`. */
export function compareConfigs(before: GatewaySettings, after: GatewaySettings): ConfigChanges {
  const [old, now] = [named(before), named(after)];
  return {
    added: [...now.keys()].filter((name) => !old.has(name)),
    changed: [...now]
      .filter(([name, settings]) => {
        const known = old.get(name);
        return known !== undefined && !isSame(known, settings);
      })
      .map(([name]) => name),
    removed: [...old.keys()].filter((name) => !now.has(name)),
  };
}

interface Named {
  readonly id: string;
  readonly routes?: readonly object[];
}

function named({ apis, upstreams }: GatewaySettings): ReadonlyMap<string, Named> {
  return new Map<string, Named>([
    ...apis.map((api) => [`api ${api.id}`, api] as const),
    ...upstreams.map((upstream) => [`upstream ${upstream.id}`, upstream] as const),
  ]);
}

/** Routes one by one: their texts are known already, by which they were compiled or taken over. */
function isSame(one: Named, other: Named): boolean {
  const { routes: left = [], ...own } = one;
  const { routes: right = [], ...others } = other;
  if (left.length !== right.length || JSON.stringify(own) !== JSON.stringify(others)) return false;
  return left.every((route, index) => textOf(route) === textOf(right[index] ?? {}));
}
