import type { ObjectKind } from "../tables.ts";
import { routeViews } from "./route-views.ts";
import type { RouteTable } from "./table.ts";
import { versionKey } from "./version-key.ts";

/** True when the configuration says it: then the API can only show it. */
export function isConfigured(table: RouteTable, kind: ObjectKind, id: string): boolean {
  const { apis, upstreams } = table.config;
  switch (kind) {
    case "api":
      return apis.some((api) => api.id === id);
    case "upstream":
      return upstreams.some((upstream) => upstream.id === id);
    case "route":
      return routeViews(table).some((view) => view.id === id && view.source !== "api");
    case "version":
      return apis.some(({ id: api, versions = [] }) =>
        versions.some((version) => versionKey({ api, id: version.id }) === id),
      );
    case "current":
      return false;
  }
}
