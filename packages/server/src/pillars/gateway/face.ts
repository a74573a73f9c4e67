import type { PluginContext } from "portico/kernel";
import type { GatewayFace } from "./capability.ts";
import type { GatewaySettings } from "./settings.ts";
import {
  documentationOf,
  isOfVersion,
  makeChange,
  permissionsOf,
  routePlan,
  routeView,
  routeViews,
  validateRequest,
} from "./table/index.ts";
import type { OwnPathIndex, RouteTable } from "./table/index.ts";

/** What the gateway offers, over one table. */
export function gatewayFace(
  ctx: PluginContext<GatewaySettings>,
  { table, ownPaths }: { readonly table: RouteTable; readonly ownPaths: OwnPathIndex },
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
    getDocumentation: (version) => documentationOf(table, ctx.server.publicUrl(), version),
    validateRequest: (request) => validateRequest(table, ownPaths, request),
    reload: (settings) => table.reload(settings),
    permissions: () => permissionsOf(table),
  };
}
