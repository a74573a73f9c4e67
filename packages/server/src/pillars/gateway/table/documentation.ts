import type { RouteView } from "../route-view.ts";
import { routeViews } from "./route-views.ts";
import type { RouteTable } from "./table.ts";
import { allVersions } from "./versions.ts";

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
  const versions = allVersions(table);
  if (version !== undefined && !versions.some(({ id }) => id === version)) return undefined;
  const current = [...new Set(versions.filter(({ isCurrent }) => isCurrent).map(({ id }) => id))];
  const routes = routeViews(table)
    .filter((view) => view.active && isOfVersion(view, version))
    .flatMap(documented);
  // Several APIs with different current versions have none in common.
  const currentVersion = current.length === 1 ? (current[0] ?? null) : null;
  return { title, currentVersion, baseURL, routes };
}

/** True for a route that the version has, by itself or with all versions of its API. */
export function isOfVersion({ versions }: RouteView, version: string | undefined): boolean {
  return version === undefined || versions.includes(version);
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
