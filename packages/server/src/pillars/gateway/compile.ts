import type { Clock } from "portico/kernel";
import { parseRate } from "portico/kernel";
import { compileEmit } from "./emit-rule.ts";
import type { EmitRule } from "./emit-rule.ts";
import { readTarget } from "./path.ts";
import type { Api, Route } from "./call.ts";
import { isBelow, routerBuilder } from "./router.ts";
import type { Router } from "./router.ts";
import { rateOf, routeLabel } from "./route-rules.ts";
import type { ApiSettings, EmitSettings, RouteSettings } from "./settings.ts";
import { EVERYTHING } from "./settings.ts";
import { stagesOf, stepsOf } from "./steps.ts";
import type { RouteRules, StepParts } from "./steps.ts";
import type { Mistakes } from "./table/mistakes.ts";
import type { OwnPathIndex } from "./table/own-paths.ts";
import type { Pieces } from "./table/pieces.ts";
import { noCompilations, textOf } from "./table/reuse.ts";
import type { Compilations } from "./table/reuse.ts";
import { twinFinder } from "./table/twins.ts";
import type { United } from "./table/unite.ts";
import { parseTemplate } from "./template.ts";
import { readTimeouts, readUpstream } from "./upstream/index.ts";
import type { ReadUpstream, Upstream, Upstreams } from "./upstream/index.ts";

/** A table ready to serve. */
export interface Compiled {
  readonly router: Router;
  /** The settings that each route was compiled from. */
  readonly settingsOf: ReadonlyMap<Route, RouteSettings>;
  readonly compilations: Compilations;
  /** Lets go of the upstreams that its routes use: those that no other table holds close when their calls have ended. */
  readonly release: () => void;
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
  /** Where upstreams are opened, or found open. */
  readonly upstreams: Upstreams;
  /** What is in force, to be taken over where it has not changed. */
  readonly reuse: Compilations;
  readonly mistakes: Mistakes;
}

interface Work extends CompileOptions {
  readonly united: United;
  readonly held: Upstream[];
  readonly settingsOf: Map<Route, RouteSettings>;
  readonly compilations: Compilations;
}

const METHODS_WITHOUT_LIMIT = undefined;

/** Builds the table, step by step. All mistakes are collected; with any there is no table. */
export function* compile(united: United, options: CompileOptions): Pieces<Compiled | undefined> {
  const held: Upstream[] = [];
  const work: Work = {
    ...options,
    united,
    held,
    settingsOf: new Map(),
    compilations: noCompilations(),
  };
  const release = (): void => {
    for (const upstream of held.splice(0)) options.upstreams.release(upstream);
  };
  const router = routerBuilder();
  const twins = twinFinder(options.mistakes);
  refuseTwinIds(united, options.mistakes);
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
      if (options.mistakes.list.length === 0) router.add(route);
    }
  }
  if (options.mistakes.list.length > 0) {
    release();
    return undefined;
  }
  const { settingsOf, compilations } = work;
  return { router: router.finish(), settingsOf, compilations, release };
}

/** An API with the text by which its compilation is known: everything but its routes. */
interface KnownApi {
  readonly api: Api;
  readonly text: string;
}

function apiOf(settings: ApiSettings, work: Work): KnownApi | undefined {
  const { id, host, basePath } = settings;
  if (basePath !== undefined && !isBelow(basePath, "")) {
    work.mistakes.push(`api '${id}': basePath does not begin with a slash`);
  }
  if (host !== undefined && host.toLowerCase() === work.ownHost) {
    work.mistakes.push(`api '${id}': its host ${work.ownHost} is Portico's own`);
  }
  const upstream = readUpstream(settings.upstream, {
    named: work.united.upstreams,
    allowFor: work.united.allowFor,
    definedBy: settings,
    connectionsMax: settings.connectionsMax ?? 512,
    keepAliveMs: settings.keepAliveMs ?? 4_000,
  });
  if ("mistakes" in upstream) {
    for (const each of upstream.mistakes) {
      work.mistakes.push(`api '${id}': its upstream ${each}`);
    }
    return undefined;
  }
  // Held by every table that uses it, whether its API was compiled anew or taken over.
  const pool = work.upstreams.hold(upstream.options);
  work.held.push(pool);
  const { routes: _routes, ...own } = settings;
  const text = JSON.stringify([own, upstream.options]);
  const api = work.reuse.apis.get(text) ?? buildApi(settings, { upstream, pool }, work);
  work.compilations.apis.set(text, api);
  return { api, text };
}

function refuseTwinIds({ apis, upstreams }: United, mistakes: Mistakes): void {
  for (const [what, list] of [
    ["APIs", apis],
    ["upstreams", upstreams],
  ] as const) {
    const ids = new Set<string>();
    for (const settings of list) {
      mistakes.at = settings;
      if (ids.has(settings.id)) mistakes.push(`two ${what} have the id '${settings.id}'`);
      ids.add(settings.id);
    }
  }
}

interface OpenUpstream {
  readonly upstream: ReadUpstream;
  readonly pool: Upstream;
}

function buildApi(
  settings: ApiSettings,
  { upstream, pool }: OpenUpstream,
  { clock }: CompileOptions,
): Api {
  const basePath = trimmed(settings.basePath ?? "/");
  return {
    id: settings.id,
    basePath,
    host: settings.host?.toLowerCase(),
    pool,
    upstreamLabel: upstream.label,
    upstreamHost: settings.preserveHost === true ? undefined : upstream.host,
    upstreamPath: upstream.path,
    retryBodyBytesMax: upstream.retryBodyBytesMax,
    clock,
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
  const id = routeLabel(api.id, { ...route, path: template });
  refuseBadPath({ template, id }, work);
  const rate = rateOf(route, settings);
  const base = {
    id,
    api,
    template,
    auth: route.auth ?? settings.auth ?? "none",
    permissions: route.permissions ?? settings.permissions ?? [],
    timeouts: readTimeouts(route.timeouts, settings.timeouts),
    rates: rate === undefined ? [] : [rate],
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
  const own = work.ownPaths.collision(template);
  if (own !== undefined) {
    work.mistakes.push(
      `route '${id}' (${template}) collides with Portico's own path ${own}; move Portico's surface by its base path, or the route`,
    );
  }
}
