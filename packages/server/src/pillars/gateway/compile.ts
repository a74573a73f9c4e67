import type { Clock } from "portico/kernel";
import { parseRate } from "portico/kernel";
import { compileEmit } from "./emit-rule.ts";
import type { EmitRule } from "./emit-rule.ts";
import { readTarget } from "./path.ts";
import type { Api, Route } from "./call.ts";
import { planOf } from "./document-routes.ts";
import type { PlannedRoute } from "./document-routes.ts";
import { replyChecking, requestChecking } from "./openapi/index.ts";
import type { OpenedDocument } from "./openapi/index.ts";
import { CHECKED_BYTES_MAX } from "./openapi/settings.ts";
import { createRouter, isBelow } from "./router.ts";
import type { Router } from "./router.ts";
import type { ApiSettings, EmitSettings, GatewaySettings } from "./settings.ts";
import { parseTemplate, shapeOf } from "./template.ts";
import { addressFault } from "./upstream-address.ts";
import { stagesOf, stepsOf } from "./steps.ts";
import type { RouteRules, StepParts } from "./steps.ts";
import { UpstreamPool } from "./upstream/index.ts";

/** A table ready to serve, with the pools that its routes use. */
export interface Compiled {
  readonly router: Router;
  readonly pools: readonly UpstreamPool[];
}

/** What settings are compiled with. */
export interface CompileOptions {
  readonly clock: Clock;
  /** Portico's own path templates (`/api/v1/keys/{id}`): no route of a fronted API may have one. */
  readonly ownPaths: readonly string[];
  /** What the steps of routes work with. */
  readonly parts: StepParts;
  /** The OpenAPI documents of the APIs that have one, by the API's id. */
  readonly documents: ReadonlyMap<string, OpenedDocument>;
}

/** The base path may be left to the document. */
type Unplaced = Omit<ApiSettings, "basePath"> & { readonly basePath?: string | undefined };

interface Work {
  readonly options: CompileOptions;
  readonly mistakes: string[];
}

const METHODS_WITHOUT_LIMIT = undefined;

/** Builds the table. Refused with all mistakes at once. */
export function compile(
  settings: GatewaySettings,
  options: CompileOptions,
): Compiled | { readonly mistakes: readonly string[] } {
  const work: Work = { options, mistakes: [] };
  const pools: UpstreamPool[] = [];
  const routes = settings.apis.flatMap((api) => {
    const fault = addressFault(api.upstream);
    if (fault !== undefined) {
      work.mistakes.push(`api '${api.id}': its upstream ${fault}`);
      return [];
    }
    const { basePath } = options.documents.get(api.id)?.document ?? {};
    const built = buildApi({ basePath, ...api }, options.clock);
    pools.push(built.pool);
    return buildRoutes(api, built, work);
  });
  refuseTwins(settings, routes, work);
  if (work.mistakes.length > 0) {
    for (const pool of pools) pool.close();
    return { mistakes: work.mistakes };
  }
  return { router: createRouter(routes), pools };
}

function buildApi(settings: Unplaced, clock: Clock): Api {
  const url = new URL(settings.upstream);
  const isTls = url.protocol === "https:";
  const basePath = trimmed(settings.basePath ?? "/");
  const { timeouts } = settings;
  return {
    id: settings.id,
    basePath,
    host: settings.host?.toLowerCase(),
    pool: new UpstreamPool({
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

function buildRoutes(settings: ApiSettings, api: Api, work: Work): readonly Route[] {
  const opened = work.options.documents.get(settings.id);
  const isCatchAll = settings.routes === undefined && opened === undefined;
  const given = plannedRoutes(settings, opened, work);
  const emits = [...(settings.emits ?? [])];
  // An emit of a catch-all API names its own route: only its replies are held back.
  const emitting: readonly PlannedRoute[] = isCatchAll
    ? [...new Map(emits.map(({ on }) => [on.path, { route: { path: on.path } }])).values()]
    : [];
  const used = new Set<EmitSettings>();
  const routes = [...emitting, ...given].flatMap((planned) =>
    buildRoute({ settings, api, ...planned, opened, emits, used, isCatchAll }, work),
  );
  for (const emit of emits.filter((each) => !used.has(each))) {
    work.mistakes.push(
      `api '${api.id}': the emit '${emit.type}' is on ${emit.on.method} ${emit.on.path}, which is no route of the API`,
    );
  }
  return routes;
}

function plannedRoutes(
  settings: ApiSettings,
  opened: OpenedDocument | undefined,
  work: Work,
): readonly PlannedRoute[] {
  if (opened === undefined)
    return (settings.routes ?? [{ path: "/*" }]).map((route) => ({ route }));
  const { routes, mistakes } = planOf(settings, opened);
  work.mistakes.push(...mistakes.map((mistake) => `api '${settings.id}', ${mistake}`));
  return routes;
}

interface Draft extends PlannedRoute {
  readonly settings: ApiSettings;
  readonly api: Api;
  readonly opened: OpenedDocument | undefined;
  readonly emits: readonly EmitSettings[];
  readonly used: Set<EmitSettings>;
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
    rates: rate === undefined ? [] : [typeof rate === "number" ? `${rate}/min` : rate],
    ...checksOf(draft, template),
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

/** What a route checks of its calls: only an operation of a document says what they must be. */
function checksOf(
  { settings, route, opened, operation }: Draft,
  text: string,
): Pick<RouteRules, "requestChecks" | "replyChecks"> {
  const template = parseTemplate(text);
  if (opened === undefined || operation === undefined || typeof template === "string") {
    return { requestChecks: undefined, replyChecks: undefined };
  }
  const bytesMax = settings.validateBodyBytesMax ?? CHECKED_BYTES_MAX;
  const checked = { opened, operation, bytesMax };
  const { validate = "on", responses = "off" } = route;
  return {
    requestChecks: validate === "on" ? requestChecking(checked, template) : undefined,
    replyChecks: responses === "off" ? undefined : replyChecking(checked, responses),
  };
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

function refuseTwins({ apis }: GatewaySettings, routes: readonly Route[], work: Work): void {
  const ids = new Set<string>();
  for (const { id } of apis) {
    if (ids.has(id)) work.mistakes.push(`two APIs have the id '${id}'`);
    ids.add(id);
  }
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
  for (const api of apis) {
    if (api.basePath !== undefined && !isBelow(api.basePath, "")) {
      work.mistakes.push(`api '${api.id}': basePath does not begin with a slash`);
    }
  }
}
