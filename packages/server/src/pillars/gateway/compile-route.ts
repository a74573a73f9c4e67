import type { Api, Route } from "./call.ts";
import { cachePolicy, keyedBy } from "./cache/index.ts";
import { checksOf } from "./document-routes.ts";
import type { PlannedRoute } from "./document-routes.ts";
import { compileEmit } from "./emit-rule.ts";
import type { EmitRule } from "./emit-rule.ts";
import type { Modules } from "./load-modules.ts";
import type { MistakeList } from "./mistakes.ts";
import { readTarget } from "./path.ts";
import { limitMistakes, limitsOf } from "./route-limits.ts";
import { routeLabel } from "./route-rules.ts";
import type { ApiSettings, EmitSettings, RouteSettings } from "./settings.ts";
import { stagesOf, stepsOf } from "./steps.ts";
import type { RouteRules, StepParts } from "./steps.ts";
import type { OwnPathIndex } from "./table/own-paths.ts";
import { parseTemplate } from "./template.ts";
import { compileTransform } from "./transform/route-transform.ts";
import { readTimeouts } from "./upstream/index.ts";
import type { VersionCallers } from "./versions/callers.ts";
import { versionRules } from "./versions/version-rules.ts";
import type { VersionOfRoute } from "./versions/version-rules.ts";

/** One route as set, and what it is set for. */
export interface RouteDraft extends PlannedRoute {
  readonly settings: ApiSettings;
  readonly api: Api;
  /** Emits of the API that are on this route. */
  readonly emits: readonly EmitSettings[];
  readonly version: VersionOfRoute | undefined;
  /** Some route of the API has a cache. */
  readonly invalidates: boolean;
}

/** What a route is compiled with. */
export interface RouteParts {
  readonly ownPaths: OwnPathIndex;
  readonly parts: StepParts;
  readonly callers: Pick<VersionCallers, "open">;
  readonly modules: Modules;
  readonly mistakes: MistakeList;
}

const METHODS_WITHOUT_LIMIT = undefined;

/** The emits of an API that are on a route. */
export function matchEmits(
  emits: readonly EmitSettings[],
  { path, methods }: RouteSettings,
): readonly EmitSettings[] {
  return emits.filter(({ on }) => on.path === path && (methods?.includes(on.method) ?? true));
}

/** Compiles one route; a method with emits becomes a route of its own. What is wrong is noted. */
export function compileRoute(draft: RouteDraft, parts: RouteParts): readonly Route[] {
  const { settings, api, route } = draft;
  const { mistakes } = parts;
  const template = `${api.basePath === "/" ? "" : api.basePath}${route.path}`;
  const id = routeLabel(api.id, { ...route, path: template });
  refuseBadPath({ template, id }, parts);
  const base = {
    id,
    api,
    template,
    auth: route.auth ?? settings.auth ?? "none",
    permissions: route.permissions ?? settings.permissions ?? [],
    timeouts: readTimeouts(route.timeouts, settings.timeouts),
    invalidates: draft.invalidates,
    place: { id, api: api.id, limits: limitsOf(route.rateLimit ?? settings.rateLimit) },
    transform: compileTransform([settings, route], {
      id,
      template,
      modules: parts.modules,
      mistakes,
    }),
    ...versionRules({ api: api.id, id, route, version: draft.version }, parts.callers, mistakes),
    ...checksOf(draft, template),
  };
  for (const mistake of limitMistakes(base.place.limits, parts.parts.limiter)) {
    mistakes.push(`route '${id}': ${mistake}`);
  }
  if (base.auth === "none" && base.permissions.length > 0) {
    mistakes.push(`route '${id}': it asks for permissions but for no credential; set auth`);
  }
  const cache = cachePolicy(route.cache ?? settings.cache, keyedBy([settings, route]));
  const byMethod = emitsByMethod(draft, mistakes);
  const plain = route.methods?.filter((method) => !byMethod.has(method));
  const emitting = [...byMethod].map(([method, rules]) =>
    // What is told by an event happens each time it is asked for: such a route has no cache.
    withSteps({ ...base, methods: [method], emits: rules }, parts),
  );
  if (plain?.length === 0) return emitting;
  const methods = route.methods === undefined ? METHODS_WITHOUT_LIMIT : plain;
  return [...emitting, withSteps({ ...base, methods, emits: [], cache }, parts)];
}

function withSteps(rules: Omit<RouteRules, "keepsRequestBody">, { parts }: RouteParts): Route {
  const keepsRequestBody = rules.emits.some((rule) => rule.needsRequestBody);
  const route = { ...rules, keepsRequestBody };
  return { ...route, steps: stepsOf(route, parts), replyStages: stagesOf(route, parts) };
}

function emitsByMethod(
  { emits, api }: RouteDraft,
  mistakes: MistakeList,
): ReadonlyMap<string, readonly EmitRule[]> {
  const byMethod = new Map<string, EmitRule[]>();
  for (const emit of emits) {
    const rule = compileEmit(emit);
    if (typeof rule === "string") {
      mistakes.push(`api '${api.id}', emit '${emit.type}': ${rule}`);
      continue;
    }
    const { method } = emit.on;
    byMethod.set(method, [...(byMethod.get(method) ?? []), rule]);
  }
  return byMethod;
}

interface Place {
  readonly template: string;
  readonly id: string;
}

function refuseBadPath({ template, id }: Place, { ownPaths, mistakes }: RouteParts): void {
  const parsed = parseTemplate(template);
  const plain = template.replace(/\/\*$/, "/x").replaceAll(/\{[^{}]*\}/g, "x");
  const target = readTarget(plain);
  const isPath = typeof target !== "string" && target.path === plain;
  if (typeof parsed === "string" || !isPath) {
    const why = typeof parsed === "string" ? `it ${parsed}` : "its fixed parts are no plain path";
    mistakes.push(
      `route '${id}': '${template}' is no path template: ${why}; parameters are {id}, {id}.pdf or {id:uuid}, and * stands at the end`,
    );
  }
  const own = ownPaths.collision(template);
  if (own !== undefined) {
    mistakes.push(
      `route '${id}' (${template}) collides with Portico's own path ${own}; move Portico's surface by its base path, or the route`,
    );
  }
}
