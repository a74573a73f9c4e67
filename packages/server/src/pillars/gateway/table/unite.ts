import { EVERYTHING } from "../settings.ts";
import type { ApiSettings, GatewaySettings, RouteSettings } from "../settings.ts";
import { isNetwork } from "../upstream/index.ts";
import type { NamedUpstreamSettings } from "../upstream/index.ts";
import type { Snapshot, TableObject } from "./objects.ts";
import type { Mistakes } from "./mistakes.ts";

/** Where an API, a route or an upstream comes from. */
export interface Origin {
  readonly source: "config" | "api";
  /** The row, where it comes from the API. */
  readonly object: TableObject | undefined;
}

/** Configuration and rows as one: what a table is built of. */
export interface United {
  readonly apis: readonly ApiSettings[];
  readonly upstreams: readonly NamedUpstreamSettings[];
  /** By the settings' own object: an API's, a route's, an upstream's. */
  readonly origins: ReadonlyMap<object, Origin>;
  /** Networks in which the upstreams that some settings name must be (design §10.13); undefined for anywhere. */
  readonly allowFor: (settings: object) => readonly string[] | undefined;
}

const CONFIG: Origin = { source: "config", object: undefined };

/**
 * Unites what the configuration says with what the API has added. Neither changes the other: an API of the file may be
 * given further routes, which are the API's own rows.
 */
export function unite(config: GatewaySettings, { objects }: Snapshot, mistakes: Mistakes): United {
  const origins = new Map<object, Origin>();
  const rows = [...objects.values()];
  const routes = Map.groupBy(ofKind(rows, "route"), ({ api }) => api ?? "");
  const own = ofKind(rows, "api").map((object) => {
    // The schema of its kind accepted these settings before they were stored.
    const settings = object.settings as ApiSettings;
    origins.set(settings, { source: "api", object });
    return settings;
  });
  for (const settings of config.apis) origins.set(settings, CONFIG);
  const upstreams = uniteUpstreams(config, ofKind(rows, "upstream"), origins);
  const apis = [...config.apis, ...own].map((settings) => {
    const added = routes.get(settings.id) ?? [];
    routes.delete(settings.id);
    return withRoutes(settings, added, origins);
  });
  for (const [api, orphans] of routes) {
    for (const object of orphans) {
      origins.set(object.settings, { source: "api", object });
      mistakes.at = object.settings;
      mistakes.push(`route '${object.id}': there is no API '${api}'`);
    }
  }
  for (const network of config.upstreamAllow.filter((each) => !isNetwork(each))) {
    mistakes.at = undefined;
    mistakes.push(`upstreamAllow: '${network}' is no network such as 10.0.0.0/8`);
  }
  const allowFor = (settings: object): readonly string[] | undefined =>
    origins.get(settings)?.source === "api" ? config.upstreamAllow : undefined;
  return { apis, upstreams, origins, allowFor };
}

function ofKind(rows: readonly TableObject[], kind: TableObject["kind"]): readonly TableObject[] {
  return rows.filter((row) => row.kind === kind);
}

function uniteUpstreams(
  config: GatewaySettings,
  rows: readonly TableObject[],
  origins: Map<object, Origin>,
): readonly NamedUpstreamSettings[] {
  const own = rows.map((object) => {
    const settings = object.settings as NamedUpstreamSettings;
    origins.set(settings, { source: "api", object });
    return settings;
  });
  for (const settings of config.upstreams) origins.set(settings, CONFIG);
  return [...config.upstreams, ...own];
}

/** The API with the routes that were added to it; a catch-all stays one beside them. */
function withRoutes(
  settings: ApiSettings,
  added: readonly TableObject[],
  origins: Map<object, Origin>,
): ApiSettings {
  const origin = origins.get(settings) ?? CONFIG;
  for (const route of settings.routes ?? []) origins.set(route, origin);
  if (added.length === 0) return settings;
  const routes = added.map((object) => {
    const route = object.settings as RouteSettings;
    origins.set(route, { source: "api", object });
    return route;
  });
  const united = { ...settings, routes: [...(settings.routes ?? [EVERYTHING]), ...routes] };
  origins.set(united, origin);
  return united;
}
