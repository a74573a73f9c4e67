import type { Mistakes } from "../mistakes.ts";
import { EVERYTHING } from "../settings.ts";
import type { ApiSettings, GatewaySettings, RouteSettings, VersionSettings } from "../settings.ts";
import { isNetwork } from "../upstream/index.ts";
import type { NamedUpstreamSettings } from "../upstream/index.ts";
import type { Snapshot, TableObject } from "./objects.ts";

/** Where an API, a version, a route or an upstream comes from. */
export interface Origin {
  readonly source: "config" | "api";
  /** The row, where it comes from the API. */
  readonly object: TableObject | undefined;
}

/** Configuration and rows as one: what a table is built of. */
export interface United {
  readonly apis: readonly ApiSettings[];
  readonly upstreams: readonly NamedUpstreamSettings[];
  /** By the settings' own object: an API's, a version's, a route's, an upstream's. */
  readonly origins: ReadonlyMap<object, Origin>;
  /** Networks in which the upstreams that some settings name must be (design §10.13); undefined for anywhere. */
  readonly allowFor: (settings: object) => readonly string[] | undefined;
}

const CONFIG: Origin = { source: "config", object: undefined };
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/**
 * Unites what the configuration says with what the API has added. Neither changes the other: an API of the file may be
 * given further routes and versions, which are the API's own rows.
 */
export function unite(config: GatewaySettings, { objects }: Snapshot, mistakes: Mistakes): United {
  const origins = new Map<object, Origin>();
  const kinds = Map.groupBy(objects.values(), ({ kind }) => kind);
  for (const object of objects.values()) origins.set(object.settings, { source: "api", object });
  for (const settings of [...config.apis, ...config.upstreams]) origins.set(settings, CONFIG);
  // The schema of its kind accepted the settings of a row before they were stored.
  const own = (kinds.get("api") ?? []).map(({ settings }) => settings as ApiSettings);
  const named = (kinds.get("upstream") ?? []).map(
    ({ settings }) => settings as NamedUpstreamSettings,
  );
  const rows = {
    versions: Map.groupBy(kinds.get("version") ?? [], ({ api }) => api ?? ""),
    routes: Map.groupBy(kinds.get("route") ?? [], ({ api }) => api ?? ""),
    current: new Map((kinds.get("current") ?? []).map((object) => [object.api ?? "", object])),
  };
  const apis = [...config.apis, ...own].map((settings) => uniteApi(settings, rows, origins));
  refuseOrphans(rows, new Set(apis.map(({ id }) => id)), mistakes);
  for (const network of config.upstreamAllow.filter((each) => !isNetwork(each))) {
    mistakes.at = undefined;
    mistakes.push(`upstreamAllow: '${network}' is no network such as 10.0.0.0/8`);
  }
  const allowFor = (settings: object): readonly string[] | undefined =>
    // What cannot be told is held to the networks: only the operator's own word goes further.
    origins.get(settings)?.source === "config" ? undefined : config.upstreamAllow;
  return { apis, upstreams: [...config.upstreams, ...named], origins, allowFor };
}

interface Rows {
  readonly versions: ReadonlyMap<string, readonly TableObject[]>;
  readonly routes: ReadonlyMap<string, readonly TableObject[]>;
  readonly current: ReadonlyMap<string, TableObject>;
}

function refuseOrphans(rows: Rows, apis: ReadonlySet<string>, mistakes: Mistakes): void {
  const all = [...rows.versions.values(), ...rows.routes.values(), [...rows.current.values()]];
  for (const { kind, id, api, settings } of all.flat()) {
    if (api !== null && apis.has(api)) continue;
    mistakes.at = settings;
    mistakes.push(`${kind} '${id}': there is no API '${api ?? ""}'`);
  }
}

/** An API with all that was added to it; the very settings when nothing was. */
function uniteApi(settings: ApiSettings, rows: Rows, origins: Map<object, Origin>): ApiSettings {
  const origin = origins.get(settings) ?? CONFIG;
  const given = [...(settings.routes ?? []), ...(settings.versions ?? [])];
  for (const each of given) origins.set(each, origin);
  for (const route of (settings.versions ?? []).flatMap(({ routes = [] }) => routes)) {
    origins.set(route, origin);
  }
  const added = rows.routes.get(settings.id) ?? [];
  const versions = rows.versions.get(settings.id) ?? [];
  const current = rows.current.get(settings.id);
  if (added.length === 0 && versions.length === 0 && current === undefined) return settings;
  const plain = added.filter((row) => row.settings["version"] === undefined);
  const united: ApiSettings = {
    ...settings,
    ...(plain.length === 0
      ? {}
      : { routes: [...(settings.routes ?? everythingOf(settings)), ...plain.map(routeOf)] }),
    ...(current === undefined ? {} : { currentVersion: String(current.settings["version"]) }),
  };
  const all = uniteVersions(united, { versions, routes: added }, origins);
  const whole = all === undefined ? united : { ...united, versions: all };
  origins.set(whole, origin);
  return whole;
}

interface VersionRows {
  readonly versions: readonly TableObject[];
  readonly routes: readonly TableObject[];
}

/** Dates in their order, whoever named them; words in the order in which they came. */
function uniteVersions(
  settings: ApiSettings,
  rows: VersionRows,
  origins: Map<object, Origin>,
): VersionSettings[] | undefined {
  const own = rows.versions.map((row) => row.settings as VersionSettings);
  const all = [...(settings.versions ?? []), ...own];
  if (all.length === 0) return settings.versions;
  const withRoutes = all.map((version) => {
    const added = rows.routes.filter((row) => row.settings["version"] === version.id);
    if (added.length === 0) return version;
    const { openapi = settings.openapi } = version;
    const before = version.routes ?? settings.routes ?? everythingOf({ openapi });
    const united = { ...version, routes: [...before, ...added.map(routeOf)] };
    origins.set(united, origins.get(version) ?? CONFIG);
    return united;
  });
  const isDated = all.every(({ id }) => DATE.test(id));
  return isDated ? withRoutes.toSorted((a, b) => (a.id < b.id ? -1 : 1)) : withRoutes;
}

/** What is served where no route is named: everything, unless a document says what. */
function everythingOf({ openapi }: { readonly openapi?: unknown }): readonly RouteSettings[] {
  return openapi === undefined ? [EVERYTHING] : [];
}

function routeOf({ settings }: TableObject): RouteSettings {
  return settings as RouteSettings;
}
