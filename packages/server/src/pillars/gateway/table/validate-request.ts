import { limitTexts } from "portico/kernel";
import type { Match, Route } from "../call.ts";
import { readTarget } from "../path.ts";
import type { RouteView } from "../route-view.ts";
import { createRouter } from "../router.ts";
import { readPathVersion } from "../versions/choose.ts";
import type { ApiVersions } from "../versions/route-version.ts";
import type { OwnPathIndex } from "./own-paths.ts";
import { sourceOf } from "./reuse.ts";
import { routeViews } from "./route-views.ts";
import type { RouteTable } from "./table.ts";

/** A call that is asked about. */
export interface ValidationRequest {
  readonly method: string;
  /** With its query, as a caller would send it. */
  readonly path: string;
  readonly host?: string;
  /** As a request header would name it. */
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

/** What a call is looked at with. */
export interface ValidationParts {
  readonly table: RouteTable;
  readonly ownPaths: OwnPathIndex;
  /** Milliseconds since 1970, UTC. */
  readonly now: number;
}

type Fault = Validation["problems"][number];

/** Finds the route of a call as the front does, and says why there is none. */
export function validateRequest(parts: ValidationParts, request: ValidationRequest): Validation {
  const { table, ownPaths, now } = parts;
  const found = routeOf({ table, ownPaths }, request);
  if ("code" in found) return { ...NOTHING, problems: [found] };
  const { permissions, place, lifecycle } = found;
  const hasEnded = lifecycle?.sunsetMs !== undefined && lifecycle.sunsetMs <= now;
  const problems = hasEnded
    ? [{ code: "gateway.versionSunset", detail: "It has ended: the call is answered 410." }]
    : [];
  return {
    valid: problems.length === 0,
    route: viewOf(table, found),
    permission: permissions[0] ?? null,
    rateLimit: limitTexts(place.limits)[0] ?? null,
    problems,
  };
}

const NOTHING = { valid: false, route: null, permission: null, rateLimit: null } as const;

function routeOf(
  { table, ownPaths }: Omit<ValidationParts, "now">,
  request: ValidationRequest,
): Route | Fault {
  const { path, host } = request;
  const method = request.method.toUpperCase();
  const target = readTarget(path);
  if (typeof target === "string") {
    return { code: "gateway.pathAmbiguous", detail: `The path ${target}.` };
  }
  const own = ownPaths.meets(host, target.path);
  if (own !== undefined) {
    const detail = `${own} is Portico's own path and never reaches a route.`;
    return { code: "gateway.ownPath", detail };
  }
  const match = table.router.find(method, host, target.path);
  if (match?.kind !== "route") return faultOf(match);
  const { routes } = table.inForce.compiled;
  const ofApi = routes.filter(({ api }) => api.id === match.route.api.id);
  const versions = ofApi.find(({ version }) => version !== undefined)?.version?.of;
  if (versions === undefined) {
    return request.version === undefined ? match.route : unknownVersion(request.version);
  }
  return inVersion(versions, ofApi, { method, host, path: target.path, version: request.version });
}

interface Wanted {
  readonly method: string;
  readonly host: string | undefined;
  readonly path: string;
  readonly version: string | undefined;
}

/** As the step `version` chooses: the path before the header, else the current one. */
function inVersion(of: ApiVersions, routes: readonly Route[], wanted: Wanted): Route | Fault {
  const { method, host, path, version } = wanted;
  const inPath = of.path === undefined ? undefined : readPathVersion(path, of.path, of.index);
  const name = inPath?.wanted ?? version;
  const id = name === undefined ? of.current : of.index.find(name);
  if (id === undefined) return unknownVersion(name ?? "");
  const own = routes.filter((route) => route.version?.id === id);
  const match = createRouter(own).find(method, host, inPath?.path ?? path);
  return match?.kind === "route" ? match.route : faultOf(match);
}

function unknownVersion(version: string): Fault {
  return { code: "gateway.versionUnknown", detail: `The API has no version '${version}'.` };
}

function faultOf(match: Exclude<Match, { kind: "route" }> | undefined): Fault {
  if (match === undefined) return { code: "request.notFound", detail: "No API owns the path." };
  if (match.kind === "noRoute") {
    const detail = `No route of the API '${match.api.id}' has this path.`;
    return { code: "gateway.routeUnknown", detail };
  }
  return { code: "gateway.methodNotAllowed", detail: `The path takes ${match.allowed}.` };
}

function viewOf(table: RouteTable, route: Route): RouteView | null {
  const { united } = table.inForce;
  const settings = sourceOf(route);
  const object = settings && united.origins.get(settings)?.object;
  const id = object?.kind === "route" ? object.id : route.id;
  return routeViews(table).find((view) => view.active && view.id === id) ?? null;
}
