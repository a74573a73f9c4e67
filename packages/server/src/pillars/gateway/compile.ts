import type { Clock } from "portico/kernel";
import { parseRate } from "portico/kernel";
import { compileEmit } from "./emit-rule.ts";
import type { EmitRule } from "./emit-rule.ts";
import { readTarget } from "./path.ts";
import type { Api, Route } from "./call.ts";
import { isBelow, routerBuilder } from "./router.ts";
import type { Router } from "./router.ts";
import type { ApiSettings, EmitSettings, RouteSettings, UpstreamSettings } from "./settings.ts";
import { EVERYTHING } from "./settings.ts";
import { addressFault } from "./upstream-address.ts";
import { stagesOf, stepsOf } from "./steps.ts";
import type { RouteRules, StepParts } from "./steps.ts";
import type { Mistakes } from "./table/mistakes.ts";
import type { OwnPathIndex } from "./table/own-paths.ts";
import type { Pieces } from "./table/pieces.ts";
import type { PoolLease } from "./table/pools.ts";
import { noCompilations, textOf } from "./table/reuse.ts";
import type { Compilations } from "./table/reuse.ts";
import { twinFinder } from "./table/twins.ts";
import type { United } from "./table/unite.ts";

/** A table ready to serve. */
export interface Compiled {
  readonly router: Router;
  /** The settings that each route was compiled from. */
  readonly settingsOf: ReadonlyMap<Route, RouteSettings>;
  readonly compilations: Compilations;
}

/** What settings are compiled with. */
export interface CompileOptions {
  readonly clock: Clock;
  /** No route of a fronted API may have a path of Portico's own. */
  readonly ownPaths: OwnPathIndex;
  /** Portico's own host, where it has one: no API can be served there. */
  readonly ownHost: string | undefined;
  /** What the steps of routes work with. */
  readonly parts: StepParts;
  readonly pools: PoolLease;
  /** What is in force, to be taken over where it has not changed. */
  readonly reuse: Compilations;
  readonly mistakes: Mistakes;
}

interface Work extends CompileOptions {
  readonly upstreams: ReadonlyMap<string, UpstreamSettings>;
  readonly settingsOf: Map<Route, RouteSettings>;
  readonly compilations: Compilations;
}

const METHODS_WITHOUT_LIMIT = undefined;

/** Builds the table, step by step. All mistakes are collected; with any there is no table. */
export function* compile(united: United, options: CompileOptions): Pieces<Compiled | undefined> {
  const work: Work = {
    ...options,
    upstreams: upstreamsOf(united, options.mistakes),
    settingsOf: new Map(),
    compilations: noCompilations(),
  };
  const router = routerBuilder();
  const twins = twinFinder(options.mistakes);
  refuseTwinApis(united.apis, options.mistakes);
  for (const settings of united.apis) {
    options.mistakes.at = settings;
    const api = apiOf(settings, work);
    if (api === undefined) continue;
    for (const route of buildRoutes(settings, api, work)) {
      if (route === undefined) {
        yield;
        continue;
      }
      twins.add(route, work.settingsOf.get(route));
      router.add(route);
    }
  }
  if (options.mistakes.list.length > 0) return undefined;
  return { router: router.finish(), settingsOf: work.settingsOf, compilations: work.compilations };
}

/** An API with the text by which its compilation is known: everything but its routes. */
interface KnownApi {
  readonly api: Api;
  readonly text: string;
}

function apiOf(settings: ApiSettings, work: Work): KnownApi | undefined {
  const upstream = upstreamOf(settings, work);
  const fault = upstream === undefined ? undefined : addressFault(upstream);
  if (fault !== undefined) work.mistakes.push(`api '${settings.id}': its upstream ${fault}`);
  if (settings.basePath !== undefined && !isBelow(settings.basePath, "")) {
    work.mistakes.push(`api '${settings.id}': basePath does not begin with a slash`);
  }
  if (settings.host !== undefined && settings.host.toLowerCase() === work.ownHost) {
    work.mistakes.push(`api '${settings.id}': its host ${work.ownHost} is Portico's own`);
  }
  if (upstream === undefined || fault !== undefined) return undefined;
  const { routes: _routes, ...own } = settings;
  const text = JSON.stringify({ ...own, upstream });
  const api = work.reuse.apis.get(text) ?? buildApi({ ...settings, upstream }, work);
  work.compilations.apis.set(text, api);
  return { api, text };
}

function upstreamOf({ id, upstream }: ApiSettings, work: Work): string | undefined {
  if (upstream.includes(":")) return upstream;
  const named = work.upstreams.get(upstream);
  if (named === undefined) work.mistakes.push(`api '${id}': there is no upstream '${upstream}'`);
  return named?.url;
}

function upstreamsOf(united: United, mistakes: Mistakes): ReadonlyMap<string, UpstreamSettings> {
  const byId = new Map<string, UpstreamSettings>();
  for (const settings of united.upstreams) {
    mistakes.at = settings;
    if (byId.has(settings.id)) mistakes.push(`two upstreams have the id '${settings.id}'`);
    byId.set(settings.id, settings);
  }
  return byId;
}

function refuseTwinApis(apis: readonly ApiSettings[], mistakes: Mistakes): void {
  const ids = new Set<string>();
  for (const settings of apis) {
    mistakes.at = settings;
    if (ids.has(settings.id)) mistakes.push(`two APIs have the id '${settings.id}'`);
    ids.add(settings.id);
  }
}

function buildApi(settings: ApiSettings, { clock, pools }: Work): Api {
  const url = new URL(settings.upstream);
  const isTls = url.protocol === "https:";
  const basePath = trimmed(settings.basePath ?? "/");
  const { timeouts } = settings;
  return {
    id: settings.id,
    basePath,
    host: settings.host?.toLowerCase(),
    pool: pools.take({
      address: {
        host: url.hostname.replaceAll(/^\[|\]$/g, ""),
        port: url.port === "" ? (isTls ? 443 : 80) : Number(url.port),
        isTls,
      },
      timeouts: {
        connectMs: timeouts?.connectMs ?? 3_000,
        firstByteMs: timeouts?.firstByteMs ?? 30_000,
        idleMs: timeouts?.idleMs ?? 60_000,
        totalMs: timeouts?.totalMs ?? 0,
      },
      connectionsMax: settings.connectionsMax ?? 512,
      keepAliveMs: settings.keepAliveMs ?? 4_000,
      clock,
    }),
    upstreamHost: settings.preserveHost === true ? undefined : url.host,
    upstreamPath: url.pathname.replace(/\/$/, ""),
    stripLength: settings.stripBasePath === true && basePath !== "/" ? basePath.length : 0,
    forwardsCredentials: settings.forwardCredentials ?? false,
    sendsIdentity: settings.identity ?? true,
    bodyBytesMax: settings.bodyBytesMax ?? 0,
    emitBodyBytesMax: settings.emitBodyBytesMax ?? 262_144,
  };
}

function trimmed(path: string): string {
  return path === "/" ? path : path.replace(/\/$/, "");
}

/** The routes of an API, one after another; undefined between them, where the work may be paused. */
function* buildRoutes(
  settings: ApiSettings,
  known: KnownApi,
  work: Work,
): Generator<Route | undefined, undefined> {
  const given: readonly RouteSettings[] = settings.routes ?? [EVERYTHING];
  const emits = [...(settings.emits ?? [])];
  // An emit of a catch-all API names its own route: only its replies are held back.
  const emitting: readonly RouteSettings[] = given.includes(EVERYTHING)
    ? [...new Map(emits.map(({ on }) => [on.path, { path: on.path }])).values()]
    : [];
  const used = new Set<EmitSettings>();
  for (const route of [...emitting, ...given]) {
    if (route.active === false) continue;
    // What no settings of their own say comes from the API's.
    work.mistakes.at = route === EVERYTHING || emitting.includes(route) ? settings : route;
    const own = emits.filter((emit) => isOn(emit, route));
    for (const emit of own) used.add(emit);
    yield* compiledRoute({ settings, api: known.api, route, emits: own }, known, work);
    yield undefined;
  }
  work.mistakes.at = settings;
  for (const emit of emits.filter((each) => !used.has(each))) {
    work.mistakes.push(
      `api '${settings.id}': the emit '${emit.type}' is on ${emit.on.method} ${emit.on.path}, which is no route of the API`,
    );
  }
}

function compiledRoute(draft: Draft, { text }: KnownApi, work: Work): readonly Route[] {
  const key = `${text}\n${textOf(draft.route)}`;
  const routes = work.reuse.routes.get(key) ?? buildRoute(draft, work);
  work.compilations.routes.set(key, routes);
  for (const route of routes) work.settingsOf.set(route, draft.route);
  return routes;
}

function isOn({ on }: EmitSettings, { path, methods }: RouteSettings): boolean {
  return on.path === path && (methods?.includes(on.method) ?? true);
}

interface Draft {
  readonly settings: ApiSettings;
  readonly api: Api;
  readonly route: RouteSettings;
  readonly emits: readonly EmitSettings[];
}

function buildRoute(draft: Draft, work: Work): readonly Route[] {
  const { settings, api, route } = draft;
  const template = `${api.basePath === "/" ? "" : api.basePath}${route.path}`;
  const id = route.name ?? `${api.id} ${template}`;
  refuseBadPath({ template, id }, work);
  const rate = route.rateLimit ?? settings.rateLimit;
  const base = {
    id,
    api,
    template,
    auth: route.auth ?? settings.auth ?? "none",
    permissions: route.permissions ?? settings.permissions ?? [],
    rates: rate === undefined ? [] : [typeof rate === "number" ? `${rate}/min` : rate],
  };
  for (const each of base.rates) {
    if (parseRate(each) === undefined) work.mistakes.push(`route '${id}': '${each}' is not a rate`);
  }
  if (base.auth === "none" && base.permissions.length > 0) {
    work.mistakes.push(`route '${id}': it asks for permissions but for no credential; set auth`);
  }
  const byMethod = emitsByMethod(draft, work);
  const plain = route.methods?.filter((method) => !byMethod.has(method));
  const emitting = [...byMethod].map(([method, rules]) =>
    withSteps({ ...base, methods: [method], emits: rules }, work),
  );
  if (plain?.length === 0) return emitting;
  const methods = route.methods === undefined ? METHODS_WITHOUT_LIMIT : plain;
  return [...emitting, withSteps({ ...base, methods, emits: [] }, work)];
}

function withSteps(rules: Omit<RouteRules, "keepsRequestBody">, { parts }: Work): Route {
  const keepsRequestBody = rules.emits.some((rule) => rule.needsRequestBody);
  const route = { ...rules, keepsRequestBody };
  return { ...route, steps: stepsOf(route, parts), replyStages: stagesOf(route, parts) };
}

function emitsByMethod(draft: Draft, work: Work): ReadonlyMap<string, readonly EmitRule[]> {
  const { emits, api } = draft;
  const byMethod = new Map<string, EmitRule[]>();
  for (const emit of emits) {
    const { method } = emit.on;
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
}

function refuseBadPath({ template, id }: Place, work: Work): void {
  const plain = template.replace(/\/\*$/, "/x").replaceAll(/\{\w+\}/g, "x");
  const target = readTarget(plain);
  if (typeof target === "string" || target.path !== plain || /[{}*]/.test(plain)) {
    work.mistakes.push(
      `route '${id}': '${template}' is no path template; parameters are whole segments such as {id}, and * stands at the end`,
    );
  }
  const own = work.ownPaths.collision(template);
  if (own !== undefined) {
    work.mistakes.push(
      `route '${id}' (${template}) collides with Portico's own path ${own}; move Portico's surface by its base path, or the route`,
    );
  }
}
