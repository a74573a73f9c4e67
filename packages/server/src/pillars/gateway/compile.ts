import type { Clock } from "portico/kernel";
import { compressionRules } from "./compression/index.ts";
import { readCors } from "./cors/index.ts";
import type { Api, Route } from "./call.ts";
import { compileRoute, matchEmits } from "./compile-route.ts";
import type { RouteDraft } from "./compile-route.ts";
import { planOf } from "./document-routes.ts";
import type { Modules } from "./load-modules.ts";
import type { Mistakes } from "./mistakes.ts";
import type { Documents } from "./openapi/index.ts";
import { isBelow, routerBuilder } from "./router.ts";
import type { Router } from "./router.ts";
import { EVERYTHING } from "./settings.ts";
import type { ApiSettings, EmitSettings, RouteSettings } from "./settings.ts";
import type { StepParts } from "./steps.ts";
import type { OwnPathIndex } from "./table/own-paths.ts";
import type { Pieces } from "./table/pieces.ts";
import { documentNumber } from "./table/document-number.ts";
import { noCompilations, textOf } from "./table/reuse.ts";
import type { Compilations, VersionedApi } from "./table/reuse.ts";
import { twinFinder } from "./table/twins.ts";
import type { United } from "./table/unite.ts";
import { readUpstream } from "./upstream/index.ts";
import type { ReadUpstream, Upstream, Upstreams } from "./upstream/index.ts";
import { buildVersions } from "./versions/build-versions.ts";
import type { VersionCallers } from "./versions/callers.ts";
import { planVersions } from "./versions/plan.ts";
import type { VersionOfRoute } from "./versions/version-rules.ts";

/** A table ready to serve. */
export interface Compiled {
  readonly router: Router;
  /** Every route, those of all versions among them, in the order of the settings. */
  readonly routes: readonly Route[];
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
  /** What the modules that settings name export. */
  readonly modules: Modules;
  /** The OpenAPI documents that APIs and versions name or hold. */
  readonly documents: Documents;
  /** Where the callers of versions and outdated routes are counted. */
  readonly callers: Pick<VersionCallers, "open">;
  /** What is in force, to be taken over where it has not changed. */
  readonly reuse: Compilations;
  readonly mistakes: Mistakes;
}

interface Work extends CompileOptions {
  readonly united: United;
  readonly held: Upstream[];
  readonly routes: Route[];
  readonly settingsOf: Map<Route, RouteSettings>;
  readonly compilations: Compilations;
}

/** Builds the table, step by step. All mistakes are collected; with any there is no table. */
export function* compile(united: United, options: CompileOptions): Pieces<Compiled | undefined> {
  const work: Work = {
    ...options,
    united,
    held: [],
    routes: [],
    settingsOf: new Map(),
    compilations: noCompilations(),
  };
  const { held, mistakes, settingsOf, compilations } = work;
  const release = (): void => {
    for (const upstream of held.splice(0)) options.upstreams.release(upstream);
  };
  const router = routerBuilder();
  const twins = twinFinder(mistakes);
  refuseTwinIds(united, mistakes);
  for (const settings of united.apis) {
    mistakes.at = settings;
    for (const route of buildTable(settings, work)) {
      if (route === undefined) {
        yield;
        continue;
      }
      twins.add(route, settingsOf.get(route) ?? settings);
      // With a mistake there will be no table, and a template that is none cannot be added to one.
      if (mistakes.list.length === 0) router.add(route);
    }
  }
  if (mistakes.list.length === 0) {
    return { router: router.finish(), routes: work.routes, settingsOf, compilations, release };
  }
  release();
  return undefined;
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

/** Routes, and undefined wherever the work may be paused. */
type RoutesInPieces = Generator<Route | undefined, undefined>;

/** What of an API stands in the table: its routes, or the one entry to those of its versions. */
function* buildTable(settings: ApiSettings, work: Work): RoutesInPieces {
  const { mistakes } = work;
  const { id, host, basePath } = settings;
  if (basePath !== undefined && !isBelow(basePath, "")) {
    mistakes.push(`api '${id}': basePath does not begin with a slash`);
  }
  if (host !== undefined && host.toLowerCase() === work.ownHost) {
    mistakes.push(`api '${id}': its host ${work.ownHost} is Portico's own`);
  }
  const used = new Set<EmitSettings>();
  const first = work.documents.of(settings)?.document.basePath ?? "/";
  const known = openApi({ basePath: first, ...settings }, settings, work);
  if (known === undefined) return undefined;
  if (settings.versions !== undefined) yield versionedEntry(settings, { known, used }, work);
  else yield* plainRoutes(settings, { known, used }, work);
  mistakes.at = settings;
  for (const emit of (settings.emits ?? []).filter((each) => !used.has(each))) {
    mistakes.push(
      `api '${id}': the emit '${emit.type}' is on ${emit.on.method} ${emit.on.path}, which is no route of the API`,
    );
  }
  return undefined;
}

/** An API with the text by which its compilation is known: everything but its routes. */
interface KnownApi {
  readonly api: Api;
  readonly text: string;
}

interface OpenedApi {
  readonly known: KnownApi;
  /** Emits that have found their route. */
  readonly used: Set<EmitSettings>;
}

function* plainRoutes(
  settings: ApiSettings,
  { known, used }: OpenedApi,
  work: Work,
): RoutesInPieces {
  const isWhole = isTextual(settings);
  const before = work.reuse.routes.get(known.text);
  const compiled = new Map<string, readonly Route[]>();
  work.compilations.routes.set(known.text, compiled);
  for (const draft of draftsOf({ settings, api: known.api, version: undefined }, used, work)) {
    work.mistakes.at = draft.isDerived ? settings : draft.route;
    // Hooks that are code within the configuration have no text to know them by.
    const text = isWhole && isTextual(draft.route) ? routeText(draft) : undefined;
    const routes =
      (text === undefined ? undefined : before?.get(text)) ?? compileRoute(draft, work);
    if (text !== undefined) compiled.set(text, routes);
    for (const route of routes) work.settingsOf.set(route, draft.route);
    work.routes.push(...routes);
    yield* routes;
    yield undefined;
  }
  return undefined;
}

/** A route also depends on whether another one of its API has a cache. */
function routeText({ route, invalidates }: RouteDraft): string {
  return invalidates ? `invalidates ${textOf(route)}` : textOf(route);
}

function isTextual({ hooks }: { readonly hooks?: unknown }): boolean {
  return hooks === undefined || typeof hooks === "string";
}

/** The routes of an API as they are set, without those that are switched off. */
function* draftsOf(
  given: Pick<RouteDraft, "settings" | "api" | "version">,
  used: Set<EmitSettings>,
  { documents, mistakes }: Work,
): Generator<RouteDraft & { readonly isDerived: boolean }, undefined> {
  const { settings } = given;
  const plan = planOf(settings, documents);
  mistakes.at = settings;
  mistakes.push(...plan.mistakes.map((mistake) => `api '${settings.id}', ${mistake}`));
  const emits = settings.emits ?? [];
  // An emit of a catch-all API names its own route: only its replies are held back.
  const isCatchAll = plan.routes.some(({ route }) => route === EVERYTHING);
  const derived: readonly RouteSettings[] =
    isCatchAll && emits.length > 0
      ? [...new Map(emits.map(({ on }) => [on.path, { path: on.path }])).values()].filter(
          ({ path }) => !plan.routes.some(({ route }) => route.path === path),
        )
      : [];
  const invalidates = isCached(settings) || plan.routes.some(({ route }) => isCached(route));
  for (const route of derived) yield { ...given, ...drafted(route), isDerived: true };
  for (const each of plan.routes) {
    if (each.route.active === false) continue;
    yield { ...given, ...each, ...drafted(each.route), isDerived: each.route === EVERYTHING };
  }
  return undefined;

  function drafted(route: RouteSettings): Pick<RouteDraft, "route" | "emits" | "invalidates"> {
    const own = emits.length === 0 ? emits : matchEmits(emits, route);
    for (const emit of own) used.add(emit);
    return { route, emits: own, invalidates };
  }
}

function isCached({ cache }: Pick<RouteSettings, "cache">): boolean {
  return cache !== undefined && cache !== false;
}

/** All versions of an API are taken over together, or compiled together. */
function versionedEntry(
  settings: ApiSettings,
  { known, used }: OpenedApi,
  work: Work,
): Route | undefined {
  const text = versionedText(settings, known, work);
  const reused = text === undefined ? undefined : work.reuse.versioned.get(text);
  for (const emit of settings.emits ?? []) if (reused?.used.has(textOf(emit))) used.add(emit);
  const held = (reused?.upstreams ?? []).map((options) => work.upstreams.hold(options));
  work.held.push(...held);
  const built = reused ?? buildVersioned(settings, { known, used }, work);
  if (text !== undefined) work.compilations.versioned.set(text, built);
  for (const [route, from] of built.settingsOf) work.settingsOf.set(route, from);
  work.routes.push(...built.routes);
  return built.entry;
}

/** Undefined for what is never taken over: changes that are code within the configuration have no text. */
function versionedText(
  { versions = [], routes, ...rest }: ApiSettings,
  { text }: KnownApi,
  { documents }: Work,
): string | undefined {
  const changes = versions.flatMap((version) => [version.changes].flat());
  if (changes.some((each) => each !== undefined && typeof each !== "string")) return undefined;
  const settings = { ...rest, routes };
  const named = versions.flatMap((version) => version.routes ?? []);
  if (![settings, ...named].every(isTextual)) return undefined;
  const own = versions.map(({ openapi, ...version }) => [
    version,
    documentNumber(openapi === undefined ? undefined : documents.of({ openapi })),
  ]);
  return JSON.stringify([text, routes, own]);
}

function buildVersioned(
  settings: ApiSettings,
  { known, used }: OpenedApi,
  work: Work,
): VersionedApi {
  const { modules, mistakes } = work;
  const basePath = trimmed(settings.basePath ?? "/");
  const plan = planVersions({ ...settings, basePath }, { modules, mistakes });
  const settingsOf = new Map<Route, RouteSettings>();
  const upstreams: ReadUpstream["options"][] = [];
  const built = buildVersions(known.api, plan, (version, { of, asksPin }) => {
    const { openapi, routes } = settings.versions?.find(({ id }) => id === version.id) ?? {};
    const serving = settings.versions?.[version.upstreamOf];
    const upstream = serving?.upstream;
    const own = {
      ...settings,
      ...(openapi === undefined ? {} : { openapi }),
      ...(routes === undefined ? {} : { routes }),
      ...(upstream === undefined ? {} : { upstream }),
    };
    const opened =
      serving?.upstream === undefined
        ? known
        : openApi(own, serving, { ...work, opened: upstreams });
    if (opened === undefined) return [];
    const given = { settings: own, api: opened.api, version: { ...version, of, asksPin } };
    return versionRoutes(given, { used, settingsOf }, work);
  });
  const texts = new Set([...used].map(textOf));
  return { ...built, settingsOf, upstreams, used: texts };
}

interface VersionParts {
  readonly used: Set<EmitSettings>;
  readonly settingsOf: Map<Route, RouteSettings>;
}

function versionRoutes(
  given: Pick<RouteDraft, "settings" | "api"> & { readonly version: VersionOfRoute },
  { used, settingsOf }: VersionParts,
  work: Work,
): readonly Route[] {
  const twins = twinFinder(work.mistakes);
  const routes = [...draftsOf(given, used, work)].flatMap((draft) => {
    work.mistakes.at = draft.isDerived ? given.settings : draft.route;
    const compiled = compileRoute(draft, work);
    for (const route of compiled) {
      settingsOf.set(route, draft.route);
      twins.add(route, draft.route);
    }
    return compiled;
  });
  // A table of templates that are none cannot be made, and with a mistake none is wanted.
  return work.mistakes.list.length === 0 ? routes : [];
}

/**
 * Undefined, with its mistakes noted, when the upstream is none. Held by every table that uses it. `definedBy` are the
 * settings that name it: whose they are decides where it may be.
 */
function openApi(
  settings: ApiSettings,
  definedBy: object,
  work: Work & { readonly opened?: ReadUpstream["options"][] },
): KnownApi | undefined {
  const upstream = readUpstream(settings.upstream, {
    named: work.united.upstreams,
    allowFor: work.united.allowFor,
    definedBy,
    connectionsMax: settings.connectionsMax ?? 512,
    keepAliveMs: settings.keepAliveMs ?? 4_000,
  });
  if ("mistakes" in upstream) {
    const { mistakes } = upstream;
    work.mistakes.push(...mistakes.map((each) => `api '${settings.id}': its upstream ${each}`));
    return undefined;
  }
  work.opened?.push(upstream.options);
  const pool = work.upstreams.hold(upstream.options);
  work.held.push(pool);
  // Of a document not the text, which is large, but which one it is.
  const { routes: _routes, versions: _versions, openapi: _openapi, ...own } = settings;
  const document = documentNumber(work.documents.of(settings));
  const text = JSON.stringify([own, upstream.options, document]);
  const api = work.reuse.apis.get(text) ?? buildApi(settings, { upstream, pool }, work);
  work.compilations.apis.set(text, api);
  return { api, text };
}

interface OpenUpstream {
  readonly upstream: ReadUpstream;
  readonly pool: Upstream;
}

function buildApi(
  settings: ApiSettings,
  { upstream, pool }: OpenUpstream,
  { clock, mistakes }: CompileOptions,
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
    cors: readCors(settings, mistakes),
  };
}

function trimmed(path: string): string {
  return path === "/" ? path : path.replace(/\/$/, "");
}
