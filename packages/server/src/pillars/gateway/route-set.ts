import type { Api, Route } from "./call.ts";
import { compileRoute, matchEmits } from "./compile-route.ts";
import type { RouteDraft } from "./compile-route.ts";
import { planOf } from "./document-routes.ts";
import type { PlannedRoute } from "./document-routes.ts";
import { differenceOf, nextRouter } from "./router-change.ts";
import { EVERYTHING } from "./settings.ts";
import type { ApiSettings, EmitSettings, RouteSettings } from "./settings.ts";
import type { Pieces } from "./table/pieces.ts";
import { compiledFrom, isOf } from "./table/reuse.ts";
import type { Made, RouteSet } from "./table/reuse.ts";
import type { VersionOfRoute } from "./versions/version-rules.ts";
import type { Work } from "./work.ts";

/** Which routes are wanted. */
export interface RouteSetDraft {
  readonly settings: ApiSettings;
  readonly api: Api;
  readonly version: VersionOfRoute | undefined;
  /** All that every one of them depends on. */
  readonly parts: readonly unknown[];
  /** The same routes in the table in force. */
  readonly before: Made<RouteSet> | undefined;
  /** Emits that have found their route are added. */
  readonly used: Set<EmitSettings>;
  /** For a version: with a router of its own. */
  readonly hasRouter: boolean;
}

const AT_ONCE = 32;
/** Routes that are gone are forgotten when there are many of them. */
const SPARE = 64;

/** Compiles the routes that have changed, and takes over the others. */
export function* compileSet(draft: RouteSetDraft, work: Work): Pieces<Made<RouteSet>> {
  const { settings, used, before } = draft;
  const plan = planOf(settings, work.documents);
  work.mistakes.at = settings;
  work.mistakes.push(...plan.mistakes.map((mistake) => `api '${settings.id}', ${mistake}`));
  const invalidates = isCached(settings) || plan.routes.some(({ route }) => isCached(route));
  const parts = [...draft.parts, invalidates, work.documents.of(settings)];
  const known = isOf(before, parts) ? before.value : undefined;
  const bySettings = known?.bySettings ?? new Map<RouteSettings, readonly Route[]>();
  const planned = withDerived(plan.routes, settings);
  const routes: Route[] = [];
  for (const [index, each] of planned.entries()) {
    if (index % AT_ONCE === AT_ONCE - 1) yield;
    if (each.route.active === false) continue;
    const emits = emitsOf(settings, each.route, used);
    const found = bySettings.get(each.route);
    if (found === undefined) {
      const given = { ...draft, ...each, emits, invalidates };
      routes.push(...compileOne(given, bySettings, work));
      yield;
    } else routes.push(...found);
  }
  if (bySettings.size > 2 * planned.length + SPARE) {
    const kept = new Set(planned.map(({ route }) => route));
    for (const each of bySettings.keys()) if (!kept.has(each)) bySettings.delete(each);
  }
  if (!draft.hasRouter) return { parts, value: { routes, bySettings, router: undefined } };
  const old = before?.value.router;
  const difference = differenceOf(old?.routes ?? [], routes);
  const router = yield* nextRouter(old, { ...difference, routes }, work.mistakes);
  return { parts, value: { routes, bySettings, router } };
}

function compileOne(
  draft: RouteDraft & Planned,
  bySettings: Map<RouteSettings, readonly Route[]>,
  { mistakes, ...parts }: Work,
): readonly Route[] {
  const { route, settings } = draft;
  const { noted } = mistakes;
  mistakes.at = draft.isDerived ? settings : route;
  const compiled = compileRoute(draft, { ...parts, mistakes });
  for (const each of compiled) compiledFrom(each, route);
  // What is wrong is to be told each time.
  if (mistakes.noted === noted) bySettings.set(route, compiled);
  return compiled;
}

interface Planned extends PlannedRoute {
  /** Not set by anybody: its mistakes are those of its API. */
  readonly isDerived: boolean;
}

/** An emit of a catch-all API names its own route: only its replies are held back. */
function withDerived(
  planned: readonly PlannedRoute[],
  { emits = [] }: ApiSettings,
): readonly Planned[] {
  const given = planned.map((each) => ({ ...each, isDerived: each.route === EVERYTHING }));
  if (emits.length === 0 || !planned.some(({ route }) => route === EVERYTHING)) return given;
  const paths = [...new Set(emits.map(({ on }) => on.path))].filter(
    (path) => !planned.some(({ route }) => route.path === path),
  );
  return [...paths.map((path) => ({ route: { path }, isDerived: true })), ...given];
}

function emitsOf(
  { emits = [] }: ApiSettings,
  route: RouteSettings,
  used: Set<EmitSettings>,
): readonly EmitSettings[] {
  if (emits.length === 0 || route.active === false) return emits;
  const own = matchEmits(emits, route);
  for (const emit of own) used.add(emit);
  return own;
}

function isCached({ cache }: Pick<RouteSettings, "cache">): boolean {
  return cache !== undefined && cache !== false;
}
