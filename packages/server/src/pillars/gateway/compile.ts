import type { Clock } from "portico/kernel";
import { parseRate } from "portico/kernel";
import { cachePolicy } from "./cache/index.ts";
import { compressionRules } from "./compression/index.ts";
import { corsRules } from "./cors/index.ts";
import { compileEmit } from "./emit-rule.ts";
import type { EmitRule } from "./emit-rule.ts";
import { readTarget } from "./path.ts";
import type { Api, Route } from "./call.ts";
import { createRouter, isBelow } from "./router.ts";
import type { Router } from "./router.ts";
import type { Modules } from "./load-modules.ts";
import type { ApiSettings, EmitSettings, GatewaySettings, RouteSettings } from "./settings.ts";
import { stagesOf, stepsOf } from "./steps.ts";
import type { RouteRules, StepParts } from "./steps.ts";
import { parseTemplate, shapeOf } from "./template.ts";
import { readTimeouts, readUpstream } from "./upstream/index.ts";
import type { ReadUpstream, Upstreams } from "./upstream/index.ts";
import { buildVersions } from "./versions/build-versions.ts";
import type { VersionCallers } from "./versions/callers.ts";
import { planVersions } from "./versions/plan.ts";
import { versionRules } from "./versions/version-rules.ts";
import type { VersionOfRoute } from "./versions/version-rules.ts";

/** A table ready to serve. */
export interface Compiled {
  readonly router: Router;
  /** Every route, those of all versions among them, in the order of the settings. */
  readonly routes: readonly Route[];
  /** Lets go of the upstreams that its routes use: those that no other table holds close when their calls have ended. */
  readonly release: () => void;
}

/** What settings are compiled with. */
export interface CompileOptions {
  readonly clock: Clock;
  /** Portico's own path templates (`/api/v1/keys/{id}`): no route of a fronted API may have one. */
  readonly ownPaths: readonly string[];
  /** What the steps of routes work with. */
  readonly parts: StepParts;
  /** Where upstreams are opened, or found open. */
  readonly upstreams: Upstreams;
  /** What the modules that settings name export. */
  readonly modules: Modules;
  /** Where the callers of versions and outdated routes are counted. */
  readonly callers: Pick<VersionCallers, "open">;
}

interface Work {
  readonly settings: GatewaySettings;
  readonly options: CompileOptions;
  readonly mistakes: string[];
  readonly apis: Api[];
  readonly routes: Route[];
}

const METHODS_WITHOUT_LIMIT = undefined;

/** Builds the table. Refused with all mistakes at once. */
export function compile(
  settings: GatewaySettings,
  options: CompileOptions,
): Compiled | { readonly mistakes: readonly string[] } {
  const work: Work = { settings, options, mistakes: [], apis: [], routes: [] };
  const { apis, routes } = work;
  const release = (): void => {
    for (const { pool } of apis.splice(0)) options.upstreams.release(pool);
  };
  refuseTwinUpstreams(settings, work);
  const table = settings.apis.flatMap((api) => buildTable(api, work));
  refuseTwins(table, work);
  refuseTwinApis(settings, work);
  if (work.mistakes.length > 0) {
    release();
    // A route of many versions is wrong in each of them.
    return { mistakes: [...new Set(work.mistakes)] };
  }
  return { router: createRouter(table), routes, release };
}

/** What of an API stands in the table: its routes, or the one entry to those of its versions. */
function buildTable(settings: ApiSettings, work: Work): readonly Route[] {
  const used = new Set<EmitSettings>();
  const table =
    settings.versions === undefined
      ? buildPlain(settings, used, work)
      : buildVersioned(settings, used, work);
  for (const emit of (settings.emits ?? []).filter((each) => !used.has(each))) {
    work.mistakes.push(
      `api '${settings.id}': the emit '${emit.type}' is on ${emit.on.method} ${emit.on.path}, which is no route of the API`,
    );
  }
  return table;
}

function buildPlain(settings: ApiSettings, used: Set<EmitSettings>, work: Work): readonly Route[] {
  const api = openApi(settings, work);
  const routes =
    api === undefined ? [] : buildRoutes({ settings, api, used, version: undefined }, work);
  work.routes.push(...routes);
  return routes;
}

function buildVersioned(
  settings: ApiSettings,
  used: Set<EmitSettings>,
  work: Work,
): readonly Route[] {
  const { modules } = work.options;
  const basePath = trimmed(settings.basePath ?? "/");
  const plan = planVersions({ ...settings, basePath }, { modules, mistakes: work.mistakes });
  const entered = openApi(settings, work);
  if (entered === undefined) return [];
  const { entry, routes } = buildVersions(entered, plan, (version, { of, asksPin }) => {
    const { openapi, routes } = settings.versions?.find(({ id }) => id === version.id) ?? {};
    const upstream = settings.versions?.[version.upstreamOf]?.upstream;
    const own = {
      ...settings,
      ...(openapi === undefined ? {} : { openapi }),
      ...(routes === undefined ? {} : { routes }),
      ...(upstream === undefined ? {} : { upstream }),
    };
    const api = upstream === undefined ? entered : openApi(own, work);
    if (api === undefined) return [];
    const draft = { settings: own, api, used, version: { ...version, of, asksPin } };
    const built = buildRoutes(draft, work);
    refuseTwins(built, work);
    return built;
  });
  work.routes.push(...routes);
  return [entry];
}

/** Undefined, with its mistakes noted, when the upstream is none. */
function openApi(settings: ApiSettings, work: Work): Api | undefined {
  const upstream = readUpstream(settings.upstream, {
    named: work.settings.upstreams,
    connectionsMax: settings.connectionsMax ?? 512,
    keepAliveMs: settings.keepAliveMs ?? 4_000,
  });
  if ("mistakes" in upstream) {
    const { mistakes } = upstream;
    work.mistakes.push(...mistakes.map((each) => `api '${settings.id}': its upstream ${each}`));
    return undefined;
  }
  const api = buildApi(settings, upstream, work);
  work.apis.push(api);
  return api;
}

function refuseTwinUpstreams({ upstreams }: GatewaySettings, work: Work): void {
  const ids = upstreams.map(({ id }) => id);
  for (const id of new Set(ids.filter((each, index) => ids.indexOf(each) !== index))) {
    work.mistakes.push(`upstreams: there are two of the id '${id}'`);
  }
}

function buildApi(
  settings: ApiSettings,
  upstream: ReadUpstream,
  { options: { clock, upstreams }, mistakes }: Work,
): Api {
  const basePath = trimmed(settings.basePath ?? "/");
  const cors = settings.cors === undefined ? undefined : corsRules(settings.cors);
  if (isMistakes(cors)) mistakes.push(...cors.map((each) => `api '${settings.id}': ${each}`));
  return {
    id: settings.id,
    basePath,
    host: settings.host?.toLowerCase(),
    pool: upstreams.hold(upstream.options),
    upstreamLabel: upstream.label,
    upstreamHost: settings.preserveHost === true ? undefined : upstream.host,
    upstreamPath: upstream.path,
    retryBodyBytesMax: upstream.retryBodyBytesMax,
    webSockets: {
      max: settings.webSockets?.max ?? 10_000,
      idleMs: settings.webSockets?.idleMs ?? 300_000,
    },
    clock,
    stripLength: settings.stripBasePath === true && basePath !== "/" ? basePath.length : 0,
    forwardsCredentials: settings.forwardCredentials ?? false,
    sendsIdentity: settings.identity ?? true,
    bodyBytesMax: settings.bodyBytesMax ?? 0,
    emitBodyBytesMax: settings.emitBodyBytesMax ?? 262_144,
    compression: compressionRules(settings.compression),
    cors: isMistakes(cors) ? undefined : cors,
  };
}

function isMistakes(rules: ReturnType<typeof corsRules> | undefined): rules is readonly string[] {
  return Array.isArray(rules);
}

function trimmed(path: string): string {
  return path === "/" ? path : path.replace(/\/$/, "");
}

interface RoutesDraft {
  readonly settings: ApiSettings;
  readonly api: Api;
  /** Emits that have found their route. */
  readonly used: Set<EmitSettings>;
  readonly version: VersionOfRoute | undefined;
}

function buildRoutes(draft: RoutesDraft, work: Work): readonly Route[] {
  const { settings } = draft;
  const isCatchAll = settings.routes === undefined;
  const given: readonly RouteSettings[] = settings.routes ?? [{ path: "/*" }];
  const emits = [...(settings.emits ?? [])];
  // An emit of a catch-all API names its own route: only its replies are held back.
  const emitting = isCatchAll
    ? [...new Map(emits.map(({ on }) => [on.path, { path: on.path }])).values()]
    : [];
  return [...emitting, ...given].flatMap((route) =>
    buildRoute({ ...draft, route, emits, isCatchAll }, work),
  );
}

interface Draft extends RoutesDraft {
  readonly route: RouteSettings;
  readonly emits: readonly EmitSettings[];
  readonly isCatchAll: boolean;
}

function buildRoute(draft: Draft, work: Work): readonly Route[] {
  const { settings, api, route, isCatchAll } = draft;
  const template = `${api.basePath === "/" ? "" : api.basePath}${route.path}`;
  const id = route.name ?? `${api.id} ${template}`;
  refuseBadPath({ template, id, isCatchAll }, work);
  const rate = route.rateLimit ?? settings.rateLimit;
  const base = {
    id,
    api,
    template,
    auth: route.auth ?? settings.auth ?? "none",
    permissions: route.permissions ?? settings.permissions ?? [],
    timeouts: readTimeouts(route.timeouts, settings.timeouts),
    rates: rate === undefined ? [] : [typeof rate === "number" ? `${rate}/min` : rate],
    invalidates: [settings, ...(settings.routes ?? [])].some(
      ({ cache }) => (cache ?? false) !== false,
    ),
    ...versionRules(
      { api: api.id, id, route, version: draft.version },
      work.options.callers,
      work.mistakes,
    ),
  };
  const cache = cachePolicy(route.cache ?? settings.cache);
  for (const each of base.rates) {
    if (parseRate(each) === undefined) work.mistakes.push(`route '${id}': '${each}' is not a rate`);
  }
  if (base.auth === "none" && base.permissions.length > 0) {
    work.mistakes.push(`route '${id}': it asks for permissions but for no credential; set auth`);
  }
  const byMethod = emitsByMethod(draft, work);
  const plain = route.methods?.filter((method) => !byMethod.has(method));
  const emitting = [...byMethod].map(([method, rules]) =>
    // What is told by an event happens each time it is asked for.
    withSteps({ ...base, methods: [method], emits: rules, cache: undefined }, work),
  );
  if (plain?.length === 0) return emitting;
  const methods = route.methods === undefined ? METHODS_WITHOUT_LIMIT : plain;
  return [...emitting, withSteps({ ...base, methods, emits: [], cache }, work)];
}

function withSteps(rules: Omit<RouteRules, "keepsRequestBody">, { options }: Work): Route {
  const keepsRequestBody = rules.emits.some((rule) => rule.needsRequestBody);
  const route = { ...rules, keepsRequestBody };
  const { parts } = options;
  return { ...route, steps: stepsOf(route, parts), replyStages: stagesOf(route, parts) };
}

function emitsByMethod(draft: Draft, work: Work): ReadonlyMap<string, readonly EmitRule[]> {
  const { route, emits, used, api } = draft;
  const byMethod = new Map<string, EmitRule[]>();
  for (const emit of emits) {
    const { method, path } = emit.on;
    if (path !== route.path || !(route.methods?.includes(method) ?? true)) continue;
    used.add(emit);
    const rule = compileEmit(emit);
    if (typeof rule === "string") {
      work.mistakes.push(`api '${api.id}', emit '${emit.type}': ${rule}`);
      continue;
    }
    byMethod.set(method, [...(byMethod.get(method) ?? []), rule]);
  }
  return byMethod;
}

interface Place {
  readonly template: string;
  readonly id: string;
  readonly isCatchAll: boolean;
}

function refuseBadPath({ template, id, isCatchAll }: Place, work: Work): void {
  const parsed = parseTemplate(template);
  const plain = template.replace(/\/\*$/, "/x").replaceAll(/\{[^{}]*\}/g, "x");
  const target = readTarget(plain);
  const isPath = typeof target !== "string" && target.path === plain;
  if (typeof parsed === "string" || !isPath) {
    const why = typeof parsed === "string" ? `it ${parsed}` : "its fixed parts are no plain path";
    work.mistakes.push(
      `route '${id}': '${template}' is no path template: ${why}; parameters are {id}, {id}.pdf or {id:uuid}, and * stands at the end`,
    );
  }
  if (isCatchAll) return;
  const own = work.options.ownPaths.find((each) => collide(template, each));
  if (own !== undefined) {
    work.mistakes.push(
      `route '${id}' (${template}) collides with Portico's own path ${own}; move Portico's surface by its base path, or the route`,
    );
  }
}

/** Two templates collide when one path may be of both; a `*` of a route is a catch-all, over which own paths win. */
function collide(route: string, own: string): boolean {
  const left = route.split("/");
  const right = own.split("/");
  if (left.at(-1) === "*") return false;
  if (left.length !== right.length) return false;
  return left.every(
    (part, index) =>
      part === right[index] || part.includes("{") || (right[index] ?? "").includes("{"),
  );
}

function refuseTwins(routes: readonly Route[], work: Work): void {
  const seen = new Map<string, Route>();
  for (const route of routes) {
    for (const method of route.methods ?? ["*"]) {
      const shape = shapeOf(route.template);
      const key = `${route.api.host ?? ""} ${method} ${shape}`;
      const twin = seen.get(key);
      if (twin !== undefined) {
        const word = method === "*" ? "all methods" : method;
        work.mistakes.push(
          `routes '${twin.id}' and '${route.id}' are both ${word} ${route.template}`,
        );
      }
      seen.set(key, route);
    }
  }
}

function refuseTwinApis({ apis }: GatewaySettings, work: Work): void {
  const ids = new Set<string>();
  for (const { id, basePath } of apis) {
    if (ids.has(id)) work.mistakes.push(`two APIs have the id '${id}'`);
    ids.add(id);
    if (basePath !== undefined && !isBelow(basePath, "")) {
      work.mistakes.push(`api '${id}': basePath does not begin with a slash`);
    }
  }
}
