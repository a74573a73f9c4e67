import type { Api, Route } from "../call.ts";
import { createRouter } from "../router.ts";
import { readTimeouts } from "../upstream/index.ts";
import { answerAsked, chooseVersion, followPin } from "./steps.ts";
import type { VersionRouters } from "./steps.ts";
import type { PlannedVersion, VersionPlan } from "./plan.ts";
import type { ApiVersions } from "./route-version.ts";

/** Builds the routes of one version; `asksPin` for calls that named none. */
export type BuildRoutes = (version: PlannedVersion, of: VersionOfRoutes) => readonly Route[];

/** What the routes of a version are told of it. */
export interface VersionOfRoutes {
  readonly of: ApiVersions;
  readonly asksPin: boolean;
}

/** The routes of an API with versions. */
export interface VersionedRoutes {
  /** Stands in the table for all of them: it takes all paths below the base path, chooses, and passes on. */
  readonly entry: Route;
  /** The routes of every version, for who looks at the table. */
  readonly routes: readonly Route[];
}

/** Makes a table for each version, and the one route by which the API is entered. */
export function buildVersions(
  api: Api,
  { of, versions }: VersionPlan,
  build: BuildRoutes,
): VersionedRoutes {
  const named = new Map<string, ReturnType<typeof createRouter>>();
  const routers: VersionRouters = { unnamed: createRouter([]), named };
  const routes = versions.flatMap((version) => {
    const own = build(version, { of, asksPin: false });
    named.set(version.id, createRouter(own));
    return own;
  });
  const current = versions.find(({ id }) => id === of.current);
  if (current !== undefined && of.pins) {
    const pin = followPin(of, () => routers);
    const unnamed = build(current, { of, asksPin: true }).map((route) => askingPin(route, pin));
    routers.unnamed = createRouter(unnamed);
  } else {
    routers.unnamed = named.get(of.current) ?? routers.unnamed;
  }
  return { entry: entryOf(api, of, () => routers), routes };
}

/** After it is known who calls, and before anything is judged by the route. A route without a credential has no pin. */
function askingPin(route: Route, pin: Route["steps"][number]): Route {
  const at = route.steps.findIndex(({ name }) => name === "identify");
  return at < 0 ? route : { ...route, steps: route.steps.toSpliced(at + 1, 0, pin) };
}

function entryOf(api: Api, of: ApiVersions, routers: () => VersionRouters): Route {
  return {
    id: `${api.id} versions`,
    api,
    template: `${api.basePath === "/" ? "" : api.basePath}/*`,
    methods: undefined,
    auth: "none",
    permissions: [],
    place: { id: `${api.id} versions`, api: api.id, limits: [] },
    timeouts: readTimeouts(),
    emits: [],
    steps: [chooseVersion(of, routers)],
    replyStages: [],
    keepsRequestBody: false,
    enter: answerAsked(of, routers),
  };
}
