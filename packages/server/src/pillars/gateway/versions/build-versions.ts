import type { Api, Route } from "../call.ts";
import { readTimeouts } from "../upstream/index.ts";
import { answerAsked, chooseVersion, followPin } from "./steps.ts";
import type { VersionRouters } from "./steps.ts";
import type { ApiVersions } from "./route-version.ts";

/** After it is known who calls, and before anything is judged by the route. A route without a credential has no pin. */
export function askingPin(route: Route, of: ApiVersions): Route {
  const known = asking.get(route);
  if (known !== undefined) return known;
  const at = route.steps.findIndex(({ name }) => name === "identify");
  const made =
    at < 0 ? route : { ...route, steps: route.steps.toSpliced(at + 1, 0, followPin(of)) };
  asking.set(route, made);
  return made;
}

/** By the route that does not ask: one that is taken over from table to table stays the same. */
const asking = new WeakMap<Route, Route>();

/** Stands in the table for all versions: it takes all paths below the base path, chooses, and passes on. */

export function entryOf(api: Api, of: ApiVersions, routers: VersionRouters): Route {
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
