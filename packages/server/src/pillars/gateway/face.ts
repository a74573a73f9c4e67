import type { PluginContext } from "portico/kernel";
import type { CacheRoom } from "./cache/index.ts";
import type { GatewayFace } from "./capability.ts";
import type { GatewaySettings } from "./settings.ts";
import {
  documentationOf,
  isOfVersion,
  makeChange,
  makingCurrent,
  permissionsOf,
  resolveVersion,
  routePlan,
  routeView,
  routeViews,
  validateRequest,
  versionPlan,
} from "./table/index.ts";
import type { OwnPathIndex, RouteTable } from "./table/index.ts";

/** What the functions work on. */
interface FaceParts {
  readonly table: RouteTable;
  readonly ownPaths: OwnPathIndex;
  readonly parts: { readonly cache: CacheRoom };
}

/** What the gateway offers, over one table. */
export function gatewayFace(
  ctx: PluginContext<GatewaySettings>,
  { table, ownPaths, parts }: FaceParts,
): GatewayFace {
  const active = () => routeViews(table).filter((view) => view.active);
  return {
    routes: active,
    getActiveRoutes: active,
    getRoutesByVersion: (version) => routeViews(table).filter((view) => isOfVersion(view, version)),
    registerRoute: async (route, origin) => {
      const id = ctx.makeId("route");
      const plan = routePlan(table, route, { id, now: ctx.clock.now() });
      await makeChange(ctx, { table, plan, origin });
      return routeView(table, id);
    },
    registerVersion: async (version, origin) => {
      const plan = versionPlan(table, version, ctx.clock.now());
      await makeChange(ctx, { table, plan, origin });
      return resolveVersion(table, version.id, version.api);
    },
    setCurrentVersion: async (version, origin) => {
      const name = resolveVersion(table, version);
      const plan = makingCurrent(name, ctx.clock.now());
      await makeChange(ctx, { table, plan, origin });
      return name;
    },
    getDocumentation: (version) => documentationOf(table, ctx.server.publicUrl(), version),
    validateRequest: (request) =>
      validateRequest({ table, ownPaths, now: ctx.clock.now() }, request),
    purgeCache: (purge) => void parts.cache.store.purge(purge),
    reload: (settings) => table.reload(settings),
    permissions: () => permissionsOf(table),
  };
}
