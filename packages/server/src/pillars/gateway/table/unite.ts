import type { Mistakes } from "../mistakes.ts";
import { EVERYTHING } from "../settings.ts";
import type { ApiSettings, GatewaySettings, RouteSettings, VersionSettings } from "../settings.ts";
import { isNetwork } from "../upstream/index.ts";
import type { NamedUpstreamSettings } from "../upstream/index.ts";
import type { Snapshot, TableObject } from "./objects.ts";
import type { Pieces } from "./pieces.ts";
import { isSameList } from "./take-over.ts";

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
  /** The upstreams by their ids. */
  readonly named: ReadonlyMap<string, NamedUpstreamSettings>;
  /** By the settings' own object: an API's, a version's, a route's, an upstream's. */
  readonly origins: Pick<Origins, "get">;
  /** Networks in which the upstreams that some settings name must be (design §10.13); undefined for anywhere. */
  readonly allowFor: (settings: object) => readonly string[] | undefined;
}

const CONFIG: Origin = { source: "config", object: undefined };
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Whose settings are. Those of rows are looked up when they are first asked for: a swap asks for hardly any. */
class Origins {
  readonly #objects: Snapshot["objects"];
  readonly #own = new Map<object, Origin>();
  #rows: Map<object, Origin> | undefined;

  constructor(objects: Snapshot["objects"]) {
    this.#objects = objects;
  }

  set(settings: object, origin: Origin): void {
    this.#own.set(settings, origin);
  }

  /** Undefined for routes of the configuration, and for what is in neither. */
  get(settings: object): Origin | undefined {
    const own = this.#own.get(settings);
    if (own !== undefined) return own;
    this.#rows ??= new Map([...this.#objects.values()].flatMap(ofRow));
    return this.#rows.get(settings);
  }
}

/** A row's own settings, and those of the routes and versions within it. */
function ofRow(object: TableObject): readonly (readonly [object, Origin])[] {
  const origin: Origin = { source: "api", object };
  const { routes = [], versions = [] } = object.settings as Partial<ApiSettings>;
  const within = [...routes, ...versions, ...versions.flatMap((version) => version.routes ?? [])];
  return [object.settings, ...within].map((settings) => [settings, origin] as const);
}

/**
 * Unites what the configuration says with what the API has added. Neither changes the other: an API of the file may be
 * given further routes and versions, which are the API's own rows. What an API came to is kept, to be known by it.
 */
export function* unite(
  config: GatewaySettings,
  { objects }: Snapshot,
  mistakes: Mistakes,
): Pieces<United> {
  const origins = new Origins(objects);
  const kinds = Map.groupBy(objects.values(), ({ kind }) => kind);
  yield;
  for (const settings of [...config.apis, ...config.upstreams]) origins.set(settings, CONFIG);
  // The schema of its kind accepted the settings of a row before they were stored.
  const own = (kinds.get("api") ?? []).map(({ settings }) => settings as ApiSettings);
  const groups = (kinds.get("upstream") ?? []).map(
    ({ settings }) => settings as NamedUpstreamSettings,
  );
  const rows = {
    versions: Map.groupBy(kinds.get("version") ?? [], ({ api }) => api ?? ""),
    routes: Map.groupBy(kinds.get("route") ?? [], ({ api }) => api ?? ""),
    current: new Map((kinds.get("current") ?? []).map((object) => [object.api ?? "", object])),
  };
  yield;
  const apis: ApiSettings[] = [];
  for (const settings of [...config.apis, ...own]) {
    apis.push(uniteApi(settings, rows, origins));
    yield;
  }
  refuseOrphans(rows, new Set(apis.map(({ id }) => id)), mistakes);
  for (const network of config.upstreamAllow.filter((each) => !isNetwork(each))) {
    mistakes.at = undefined;
    mistakes.push(`upstreamAllow: '${network}' is no network such as 10.0.0.0/8`);
  }
  const allowFor = (settings: object): readonly string[] | undefined =>
    // What cannot be told is held to the networks: only the operator's own word goes further.
    origins.get(settings)?.source === "config" ? undefined : config.upstreamAllow;
  const upstreams = [...config.upstreams, ...groups];
  const named = new Map(upstreams.toReversed().map((each) => [each.id, each]));
  return { apis, upstreams, named, origins, allowFor };
}

interface Rows {
  readonly versions: ReadonlyMap<string, readonly TableObject[]>;
  readonly routes: ReadonlyMap<string, readonly TableObject[]>;
  readonly current: ReadonlyMap<string, TableObject>;
}

function refuseOrphans(rows: Rows, apis: ReadonlySet<string>, mistakes: Mistakes): void {
  for (const [api, of] of [...rows.versions, ...rows.routes]) {
    if (!apis.has(api)) for (const object of of) refuseOrphan(object, mistakes);
  }
  for (const [api, object] of rows.current) if (!apis.has(api)) refuseOrphan(object, mistakes);
}

function refuseOrphan({ kind, id, api, settings }: TableObject, mistakes: Mistakes): void {
  mistakes.at = settings;
  mistakes.push(`${kind} '${id}': there is no API '${api ?? ""}'`);
}

interface Whole {
  readonly routes: readonly TableObject[];
  readonly versions: readonly TableObject[];
  readonly current: TableObject | undefined;
  readonly whole: ApiSettings;
  readonly origins: readonly (readonly [object, Origin])[];
}

/** What an API came to last. */
const wholes = new WeakMap<ApiSettings, Whole>();

/** An API with all that was added to it; the very settings when nothing was. */
function uniteApi(settings: ApiSettings, rows: Rows, origins: Origins): ApiSettings {
  const origin = origins.get(settings) ?? CONFIG;
  for (const version of settings.versions ?? []) origins.set(version, origin);
  const routes = rows.routes.get(settings.id) ?? [];
  const versions = rows.versions.get(settings.id) ?? [];
  const current = rows.current.get(settings.id);
  if (routes.length === 0 && versions.length === 0 && current === undefined) return settings;
  const before = wholes.get(settings);
  const isKnown =
    before !== undefined &&
    before.current === current &&
    isSameList(before.routes, routes) &&
    isSameList(before.versions, versions);
  const next = isKnown ? before : wholeOf(settings, { routes, versions, current, origin });
  wholes.set(settings, next);
  for (const [each, from] of next.origins) origins.set(each, from);
  return next.whole;
}

interface Added extends Omit<Whole, "whole" | "origins"> {
  readonly origin: Origin;
}

function wholeOf(settings: ApiSettings, { routes, versions, current, origin }: Added): Whole {
  const origins = new Map<object, Origin>(
    [settings, ...(settings.versions ?? [])].map((each) => [each, origin]),
  );
  for (const object of versions) origins.set(object.settings, { source: "api", object });
  const plain = routes.filter((row) => row.settings["version"] === undefined);
  const united: ApiSettings = {
    ...settings,
    ...(plain.length === 0
      ? {}
      : { routes: [...(settings.routes ?? everythingOf(settings)), ...plain.map(routeOf)] }),
    ...(current === undefined ? {} : { currentVersion: String(current.settings["version"]) }),
  };
  const all = uniteVersions(united, { versions, routes }, origins);
  const whole = all === undefined ? united : { ...united, versions: all };
  origins.set(whole, origin);
  return { routes, versions, current, whole, origins: [...origins] };
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
