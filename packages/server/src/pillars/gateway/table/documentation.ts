import type { RouteView } from "../route-view.ts";
import { routeViews } from "./route-views.ts";
import type { RouteTable } from "./table.ts";

/** What may be called, for whoever wants to call it. */
export interface Documentation {
  readonly title: string;
  readonly currentVersion: string | null;
  readonly baseURL: string;
  readonly routes: readonly DocumentedRoute[];
}

/** One method of one route. */
export interface DocumentedRoute {
  readonly path: string;
  /** `*` for every method. */
  readonly method: string;
  readonly description: string | null;
  readonly version: string | null;
  readonly auth: RouteView["auth"];
  readonly rateLimit: string | null;
  readonly deprecated: boolean;
}

/** The routes in force as a list: of every version, or of one; undefined when no API has it. */
export function documentationOf(
  table: RouteTable,
  baseURL: string,
  version?: string,
): Documentation | undefined {
  const { title } = table.config;
  const versions = versionsOf(table);
  if (version !== undefined && !versions.has(version)) return undefined;
  const routes = routeViews(table)
    .filter((view) => view.active && isOfVersion(view, version))
    .flatMap(documented);
  return { title, currentVersion: currentVersionOf(table), baseURL, routes };
}

/** True for a route of the version, and for one that every version of its API has. */
export function isOfVersion(view: RouteView, version: string | undefined): boolean {
  return version === undefined || view.version === null || view.version === version;
}

function documented(view: RouteView): readonly DocumentedRoute[] {
  const { path, methods, description, version, auth, rateLimit, deprecated } = view;
  return (methods ?? ["*"]).map((method) => ({
    path,
    method,
    description,
    version,
    auth,
    rateLimit: rateLimit[0] ?? null,
    deprecated,
  }));
}

function versionsOf(_table: RouteTable): ReadonlySet<string> {
  return new Set();
}

function currentVersionOf(_table: RouteTable): string | null {
  return null;
}
