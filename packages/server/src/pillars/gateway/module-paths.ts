import type { GatewaySettings } from "./settings.ts";
import { hookPaths } from "./transform/route-transform.ts";
import { changePaths } from "./versions/plan.ts";

/** Modules of the operator's own that the configuration names: version changes and hooks. */
export function modulePaths({ apis }: Pick<GatewaySettings, "apis">): readonly string[] {
  return apis.flatMap((api) => {
    const routes = [api.routes ?? [], ...(api.versions ?? []).map(({ routes = [] }) => routes)];
    return [...changePaths(api), ...[api, ...routes.flat()].flatMap(hookPaths)];
  });
}
