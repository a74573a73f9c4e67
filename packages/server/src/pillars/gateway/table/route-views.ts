import { limitTexts, toRfc3339 } from "portico/kernel";
import type { Route } from "../call.ts";
import type { RouteView } from "../route-view.ts";
import { limitsOf } from "../route-limits.ts";
import { routeLabel } from "../route-rules.ts";
import type { ApiSettings, RouteSettings } from "../settings.ts";
import type { TableObject } from "./objects.ts";
import { sourceOf } from "./reuse.ts";
import type { InForce, RouteTable } from "./table.ts";

interface Seen {
  readonly inForce: InForce;
  readonly number: number;
  readonly views: readonly RouteView[];
}

const seen = new WeakMap<RouteTable, Seen>();

/** Every route: those in force in the order of the table, then those that are not. Made once for a table. */
export function routeViews(table: RouteTable): readonly RouteView[] {
  const { inForce, latest } = table;
  const known = seen.get(table);
  if (known?.inForce === inForce && known.number === latest.number) return known.views;
  const views = [...activeViews(table), ...inactiveViews(table)];
  seen.set(table, { inForce, number: latest.number, views });
  return views;
}

function activeViews({ inForce }: RouteTable): readonly RouteView[] {
  const { compiled, united } = inForce;
  // An emit makes a route of its own, and every version has its own; what was set as one route is shown as one. APIs that
  // take everything share the settings of their one route.
  const grouped = [...Map.groupBy(compiled.routes, ({ api }) => api.id).values()].flatMap(
    (ofApi) => [...Map.groupBy(ofApi, (route) => sourceOf(route))],
  );
  return grouped.flatMap(([settings, routes]) => {
    // Of several versions the youngest: what is upstream and outdated is told of that one.
    const route = routes.at(-1);
    if (settings === undefined || route === undefined) return [];
    const origin = united.origins.get(settings);
    const object = origin?.object?.kind === "route" ? origin.object : undefined;
    const versions = [...new Set(routes.flatMap(({ version }) => version?.id ?? []))];
    const emits = routes.flatMap((each) => each.emits.map(({ type }) => type));
    return [
      {
        ...viewOfRoute(route, settings),
        ...rowOf(object),
        id: object?.id ?? route.id,
        version: versions.length === 1 ? (versions[0] ?? null) : null,
        versions,
        source: origin?.source ?? "config",
        active: true,
        problem: null,
        emits: [...new Set(emits)],
      },
    ];
  });
}

type Told = "id" | "version" | "versions" | "source" | "active" | "problem" | "emits" | keyof Row;

function viewOfRoute(
  route: Route,
  { methods, name, description }: RouteSettings,
): Omit<RouteView, Told> {
  const { api, template, auth, permissions, place } = route;
  return {
    api: api.id,
    host: api.host ?? null,
    upstream: api.upstreamLabel,
    name: name ?? route.id,
    path: template,
    methods: methods ?? null,
    auth,
    permissions,
    rateLimit: limitTexts(place.limits),
    description: description ?? null,
    deprecated: route.lifecycle?.deprecatedMs !== undefined,
  };
}

interface Row {
  readonly revision: number;
  readonly createdAt: string | null;
  readonly updatedAt: string | null;
}

function rowOf(object: TableObject | undefined): Row {
  if (object === undefined) return { revision: 0, createdAt: null, updatedAt: null };
  const { revision, createdAt, updatedAt } = object;
  return { revision, createdAt: toRfc3339(createdAt), updatedAt: toRfc3339(updatedAt) };
}

/** Routes that are switched off, and rows that the table in force does not have. */
function inactiveViews(table: RouteTable): readonly RouteView[] {
  const { united } = table.inForce;
  const apis = new Map(united.apis.map((api) => [api.id, api]));
  const off = united.apis.flatMap((api) =>
    (api.routes ?? [])
      .filter(({ active }) => active === false)
      .map((route) => offView(api, route, united.origins.get(route)?.object)),
  );
  const missing = [...table.latest.objects.values()].filter(
    ({ kind, settings }) => kind === "route" && united.origins.get(settings) === undefined,
  );
  const problem = table.failure[0];
  return [
    ...off,
    ...missing.map((object) => {
      const api = apis.get(object.api ?? "") ?? { id: object.api ?? "", upstream: "" };
      const view = offView(api, object.settings as RouteSettings, object);
      return { ...view, problem: table.problemOf(object) ?? problem ?? null };
    }),
  ];
}

function offView(
  api: ApiSettings,
  route: RouteSettings,
  object: TableObject | undefined,
): RouteView {
  const basePath = api.basePath ?? "";
  const path = `${basePath === "/" ? "" : basePath}${route.path}`;
  const limits = limitsOf(route.rateLimit ?? api.rateLimit);
  const label = routeLabel(api.id, { ...route, path });
  return {
    ...rowOf(object),
    id: object?.kind === "route" ? object.id : label,
    source: object === undefined ? "config" : "api",
    active: false,
    problem: null,
    api: api.id,
    host: api.host ?? null,
    upstream: "",
    version: null,
    versions: [],
    name: route.name ?? label,
    path,
    methods: route.methods ?? null,
    auth: route.auth ?? api.auth ?? "none",
    permissions: route.permissions ?? api.permissions ?? [],
    rateLimit: limitTexts(limits),
    description: route.description ?? null,
    deprecated: route.deprecated === true || route.deprecatedAt !== undefined,
    emits: [],
  };
}
