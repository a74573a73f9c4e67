import type { Api, Route } from "../call.ts";
import type { Router } from "../router.ts";
import type { ApiSettings, RouteSettings, VersionSettings } from "../settings.ts";
import type { ReadUpstream } from "../upstream/index.ts";
import type { ApiVersions } from "../versions/route-version.ts";

/**
 * Something compiled, and all that it was compiled from: it is taken over where every part is the very same. Settings are
 * never changed once they are given, and equal ones are made the same before (`takeOver`).
 */
export interface Made<TValue> {
  readonly parts: readonly unknown[];
  readonly value: TValue;
}

/** An API, or a version with an upstream of its own, with its upstream. */
export interface OpenedApi {
  readonly api: Api;
  readonly options: ReadUpstream["options"];
}

/** The routes of an API or of one version of it. */
export interface RouteSet {
  readonly routes: readonly Route[];
  /** By what they were compiled from, so that one that changes leaves the others. Shared with the sets before and after. */
  readonly bySettings: Map<RouteSettings, readonly Route[]>;
  /** Finds them; only within versions, as the routes of other APIs stand in the table itself. */
  readonly router: Router | undefined;
}

/** One API as compiled. */
export interface ApiUnit {
  readonly settings: ApiSettings;
  /** What else it was compiled from: documents, named upstreams, allowed networks. */
  readonly from: readonly unknown[];
  /** The same as long as nothing has changed but routes and versions. */
  readonly rest: object;
  /** By the version whose upstream it is; empty for the API's own. */
  readonly opened: ReadonlyMap<string, Made<OpenedApi>>;
  /** What stands in the table: its routes, or the one entry to those of its versions. */
  readonly standing: readonly Route[];
  /** All of its routes. */
  readonly routes: readonly Route[];
  readonly sets: ReadonlyMap<string, Made<RouteSet>>;
  readonly versions: CompiledVersions | undefined;
}

/** What the routes of all versions share. */
export interface CompiledVersions {
  readonly of: Made<ApiVersions>;
  /** By the version's id. */
  readonly tokens: ReadonlyMap<string, VersionToken>;
  /** For calls that name no version. */
  readonly unnamed: Router;
}

/** A version's settings, and what stands for all of them but routes and document. */
export interface VersionToken {
  readonly settings: VersionSettings;
  readonly token: object;
}

/** What was compiled for the table in force, by the API's id: what has not changed is not compiled again. */
export type Compilations = ReadonlyMap<string, ApiUnit>;

/** What is known under these parts, or what is made now. */
export function reused<TValue>(
  known: Made<TValue> | undefined,
  parts: readonly unknown[],
  make: () => TValue,
): Made<TValue> {
  return isOf(known, parts) ? known : { parts, value: make() };
}

/** True for what was made of these very parts. */
export function isOf<TMade extends Made<unknown>>(
  known: TMade | undefined,
  parts: readonly unknown[],
): known is TMade {
  return (
    known?.parts.length === parts.length &&
    known.parts.every((part, index) => part === parts[index])
  );
}

const sources = new WeakMap<Route, RouteSettings>();

/** Notes what a route was compiled from. */
export function compiledFrom(route: Route, settings: RouteSettings): void {
  sources.set(route, settings);
}

/** The settings that a route was compiled from; undefined for the entry of an API with versions. */
export function sourceOf(route: Route): RouteSettings | undefined {
  return sources.get(route);
}
