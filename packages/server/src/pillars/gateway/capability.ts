import { capability } from "portico/kernel";
import type { Capability, Origin } from "portico/kernel";
import type { Purge } from "./cache/index.ts";
import type { RouteView } from "./route-view.ts";
import type { GatewaySettings, RouteSettings } from "./settings.ts";
import type { Documentation } from "./table/documentation.ts";
import type { Reloaded } from "./table/table.ts";
import type { NewVersion, VersionName } from "./table/version-key.ts";
import type { Validation, ValidationRequest } from "./table/validate-request.ts";

/** A route to be added. */
export interface NewRoute extends RouteSettings {
  /** May be left out where there is one API. */
  readonly api?: string;
  /** Only in this version of the API. */
  readonly version?: string;
}

/** What the gateway offers other plugins. Each function does what the operation of its name does over HTTP. */
export interface GatewayFace {
  /** The table in force, in the order of the configuration. */
  routes(): readonly RouteView[];
  /** Takes replies out of the cache of this process. */
  purgeCache(purge: Purge): void;
  /** Adds a route and settles when it is in force here. Throws `gateway.invalid` with all mistakes. */
  registerRoute(route: NewRoute, origin: Origin): Promise<RouteView>;
  /** Adds a version of an API and settles when it is in force here. */
  registerVersion(version: NewVersion, origin: Origin): Promise<VersionName>;
  /** Makes a version what calls get that ask for none: `2026-11-01`, or `shop:2026-11-01`. */
  setCurrentVersion(version: string, origin: Origin): Promise<VersionName>;
  getActiveRoutes(): readonly RouteView[];
  /** Routes of one version of any API, those of every version among them. */
  getRoutesByVersion(version: string): readonly RouteView[];
  /** What `/api/docs` shows; of the current versions when none is named, undefined when no API has the version. */
  getDocumentation(version?: string): Documentation | undefined;
  /** What would become of a call, without calling the upstream. */
  validateRequest(request: ValidationRequest): Validation;
  /**
   * Takes another configuration of the gateway, as the kernel has accepted it: built aside and put in force with no call
   * failing; or all of its mistakes, and the old one stays in force.
   */
  reload(settings: GatewaySettings): Promise<Reloaded>;
  /** Permissions that routes ask for: those of the fronted applications. */
  permissions(): ReadonlyMap<string, number>;
}

/** `gateway@1` */
export const Gateway: Capability<GatewayFace> = capability<GatewayFace>("gateway@1");
