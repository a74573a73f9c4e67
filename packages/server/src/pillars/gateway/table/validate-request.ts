import type { RouteView } from "../route-view.ts";
import { readTarget } from "../path.ts";
import type { OwnPathIndex } from "./own-paths.ts";
import { routeViews } from "./route-views.ts";
import type { RouteTable } from "./table.ts";

/** A call that is asked about. */
export interface ValidationRequest {
  readonly method: string;
  /** With its query, as a caller would send it. */
  readonly path: string;
  readonly host?: string;
  readonly version?: string;
}

/** What would become of it. */
export interface Validation {
  readonly valid: boolean;
  readonly route: RouteView | null;
  /** What the caller must hold; null when nothing. Where it is several, `route.permissions` has all. */
  readonly permission: string | null;
  readonly rateLimit: string | null;
  /** Everything that keeps it from the upstream, whoever calls. */
  readonly problems: readonly { readonly code: string; readonly detail: string }[];
}

/** Finds the route of a call as the front does, and says why there is none. */
export function validateRequest(
  table: RouteTable,
  ownPaths: OwnPathIndex,
  request: ValidationRequest,
): Validation {
  const { method, path, host } = request;
  const target = readTarget(path);
  if (typeof target === "string") return refused("gateway.pathAmbiguous", `The path ${target}.`);
  const own = ownPaths.meets(host, target.path);
  if (own !== undefined) {
    return refused("gateway.ownPath", `${own} is Portico's own path and never reaches a route.`);
  }
  const match = table.router.find(method.toUpperCase(), host, target.path);
  if (match === undefined) return refused("request.notFound", "No API owns the path.");
  if (match.kind === "noRoute") {
    const detail = `No route of the API '${match.api.id}' has this path.`;
    return refused("gateway.routeUnknown", detail);
  }
  if (match.kind === "wrongMethod") {
    return refused("gateway.methodNotAllowed", `The path takes ${match.allowed}.`);
  }
  const settings = table.inForce.compiled.settingsOf.get(match.route);
  const object = settings && table.inForce.united.origins.get(settings)?.object;
  const id = object?.kind === "route" ? object.id : match.route.id;
  const route = routeViews(table).find((view) => view.active && view.id === id) ?? null;
  const problems = versionProblems(route, request.version);
  return {
    valid: problems.length === 0,
    route,
    permission: match.route.permissions[0] ?? null,
    rateLimit: match.route.rates[0] ?? null,
    problems,
  };
}

function versionProblems(
  route: RouteView | null,
  version: string | undefined,
): Validation["problems"] {
  const isOther = version !== undefined && route !== null && route.version !== null;
  if (!isOther || route.version === version) return [];
  const detail = `The route belongs to the version ${route.version}, not to ${version}.`;
  return [{ code: "gateway.versionUnknown", detail }];
}

function refused(code: string, detail: string): Validation {
  return {
    valid: false,
    route: null,
    permission: null,
    rateLimit: null,
    problems: [{ code, detail }],
  };
}
