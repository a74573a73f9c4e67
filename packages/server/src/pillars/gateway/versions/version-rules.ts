import type { MistakeList } from "../mistakes.ts";
import { UNVERSIONED } from "./callers.ts";
import type { VersionCallers, VersionCounter } from "./callers.ts";
import { chainFor } from "./chain.ts";
import type { ChainPlace } from "./chain.ts";
import { mergeLifecycles, readLifecycle } from "./lifecycle.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { PlannedVersion } from "./plan.ts";
import type { ApiVersions, RouteVersion } from "./route-version.ts";
import type { LifecycleSettings } from "./settings.ts";

/** The version that a route is built for. */
export interface VersionOfRoute extends PlannedVersion {
  readonly of: ApiVersions;
  readonly asksPin: boolean;
}

/** A route as far as versions and their ends are concerned. */
export interface RouteToRule {
  readonly api: string;
  readonly id: string;
  readonly route: ChainPlace & LifecycleSettings;
  readonly version: VersionOfRoute | undefined;
}

/** What versions and their ends add to a route; nothing where there are none. */
export interface VersionRules {
  readonly version?: RouteVersion;
  readonly lifecycle?: Lifecycle | undefined;
  readonly counter?: VersionCounter;
}

/** Reads them off the settings; adds to `mistakes` what cannot be. */
export function versionRules(
  { api, id, route, version }: RouteToRule,
  callers: Pick<VersionCallers, "open">,
  mistakes: MistakeList,
): VersionRules {
  const own = readLifecycle(route, `route '${id}'`, mistakes);
  const lifecycle = mergeLifecycles(version?.lifecycle, own);
  if (version === undefined && lifecycle === undefined) return {};
  const counter = callers.open({
    api,
    version: version?.id ?? UNVERSIONED,
    route: own === undefined ? "" : id,
  });
  if (version === undefined) return { lifecycle, counter };
  const { of, asksPin, forwardedId, links } = version;
  const told = `${of.headerName}: ${forwardedId}\r\n`;
  const routeVersion: RouteVersion = {
    of,
    id: version.id,
    forwardedId,
    asksPin,
    chain: chainFor(links, route),
    upstreamLines:
      forwardedId === version.id ? told : `${told}Portico-Caller-Version: ${version.id}\r\n`,
  };
  return { version: routeVersion, lifecycle, counter };
}
