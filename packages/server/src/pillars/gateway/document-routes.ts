import { Value } from "typebox/value";
import type { RouteRules } from "./steps.ts";
import { replyChecking, requestChecking, routesOf } from "./openapi/index.ts";
import type { Documented, DocumentRoute, Documents, OpenedDocument } from "./openapi/index.ts";
import { CHECKED_BYTES_MAX } from "./openapi/settings.ts";
import { EVERYTHING, RouteSettings } from "./settings.ts";
import type { ApiSettings } from "./settings.ts";
import { isEqual, isSameList } from "./table/take-over.ts";
import { parseTemplate, shapeOf } from "./template.ts";

/** A route to be built, with the operation that it is of. */
export interface PlannedRoute {
  readonly route: RouteSettings;
  readonly opened?: OpenedDocument;
  readonly operation?: DocumentRoute["operation"];
}

/** What an API serves, and what of its document is no setting of a route. */
export interface Plan {
  readonly routes: readonly PlannedRoute[];
  readonly mistakes: readonly string[];
}

/** The APIs and versions that may name a document. */
export function documentedOf(apis: readonly ApiSettings[]): readonly Documented[] {
  return apis.flatMap((api) => [
    { ...named(api), place: `api '${api.id}'` },
    ...(api.versions ?? []).map(({ id, openapi }) => ({
      ...named({ ...api, ...(openapi === undefined ? {} : { openapi }) }),
      place: `api '${api.id}', version '${id}'`,
    })),
  ]);
}

function named({ openapi, openapiRemoteRefs }: ApiSettings): Omit<Documented, "place"> {
  return {
    ...(openapi === undefined ? {} : { openapi }),
    ...(openapiRemoteRefs === undefined ? {} : { openapiRemoteRefs }),
  };
}

/**
 * The routes of an API: those of the configuration; or where it has a document, its operations, each with what the configuration
 * says for the same path and method laid over it, and then the configuration's further routes.
 */
export function planOf(settings: ApiSettings, documents: Documents): Plan {
  const opened = documents.of(settings);
  const { auth, permissions, rateLimit, validate, responses, routes } = settings;
  if (opened === undefined) {
    // A document that could not be read is told already; its API is not opened wide in its place.
    return { routes: (routes ?? [EVERYTHING]).map((route) => ({ route })), mistakes: [] };
  }
  const parts = [auth, permissions, rateLimit, validate, responses, routes];
  const known = plans.get(opened) ?? [];
  const found = known.find((each) => isSameList(each.parts, parts));
  if (found !== undefined) return found.plan;
  const plan = takeOverPlan(known[0]?.plan, planDocument(settings, opened));
  plans.set(opened, [{ parts, plan }, ...known.slice(0, PLANS_KEPT - 1)]);
  return plan;
}

interface KnownPlan {
  readonly parts: readonly unknown[];
  readonly plan: Plan;
}

/** A document and what is laid over it are planned once, however many tables are built of them; the newest plan first. */
const plans = new WeakMap<OpenedDocument, readonly KnownPlan[]>();
const PLANS_KEPT = 4;

/** Routes that are as in the plan before are the very same, so that they are not compiled again. */
function takeOverPlan(before: Plan | undefined, plan: Plan): Plan {
  const routes = plan.routes.map((each, index) => {
    const old = before?.routes[index];
    const isSame = old?.operation === each.operation && isEqual(old?.route, each.route);
    return old !== undefined && isSame ? old : each;
  });
  return { ...plan, routes };
}

function planDocument(settings: ApiSettings, opened: OpenedDocument): Plan {
  const own = settings.routes ?? [];
  const mistakes: string[] = [];
  const operations = routesOf(opened.document, settings);
  const known = new Set(operations.map(({ methods, path }) => `${methods[0]} ${shapeOf(path)}`));
  const shapes = new Set(operations.map(({ path }) => shapeOf(path)));
  const over = Map.groupBy(own, ({ path }) => shapeOf(path));
  const routes = operations.map((each): PlannedRoute => {
    const route = laidOver(each, overOf(each, over), mistakes);
    return { route, opened, operation: each.operation };
  });
  const further = own.flatMap((route): readonly PlannedRoute[] => {
    const shape = shapeOf(route.path);
    if (!shapes.has(shape)) return [{ route }];
    const methods = route.methods?.filter((method) => !known.has(`${method} ${shape}`)) ?? [];
    return methods.length === 0 ? [] : [{ route: { ...route, methods } }];
  });
  return { routes: [...routes, ...further], mistakes };
}

function overOf(
  { path, methods: [method] }: DocumentRoute,
  over: ReadonlyMap<string, readonly RouteSettings[]>,
): RouteSettings | undefined {
  return over.get(shapeOf(path))?.find(({ methods }) => methods?.includes(method) ?? true);
}

function laidOver(
  from: DocumentRoute,
  over: RouteSettings | undefined,
  mistakes: string[],
): RouteSettings {
  const { path, methods, name, auth, permissions, rateLimit, validate, responses, more } = from;
  for (const mistake of faultsOf(more)) {
    mistakes.push(`operation '${name}', x-portico-route: ${mistake}`);
  }
  return {
    ...(from.isDeprecated ? { deprecated: true } : {}),
    ...descriptionOf(from),
    ...more,
    name,
    auth,
    permissions: [...permissions],
    ...(rateLimit === undefined ? {} : { rateLimit }),
    validate,
    responses,
    ...over,
    path,
    methods: [...methods],
  };
}

function descriptionOf({ operation }: DocumentRoute): Pick<RouteSettings, "description"> {
  const description = operation.summary ?? operation.description;
  return description === undefined ? {} : { description };
}

function faultsOf(more: DocumentRoute["more"]): readonly string[] {
  const unknown = Object.keys(more).filter(
    (key) => !Object.hasOwn(RouteSettings.properties, key) || key === "path" || key === "methods",
  );
  const wrong = Value.Errors(RouteSettings, { ...more, path: "/" });
  return [
    ...unknown.map((key) => `'${key}' is no setting that it may have`),
    ...wrong.map(({ instancePath, message }) => `${instancePath} ${message}`),
  ];
}

/** What a route is checked by. */
export interface Checkable extends PlannedRoute {
  readonly settings: ApiSettings;
  /** The version that the route is built for: `links` change a call on its way. */
  readonly version: { readonly id: string; readonly links: readonly unknown[] } | undefined;
}

/**
 * What a route checks of its calls. Where version changes lie between caller and application, requests are what the version's own
 * document says, if it has one, and replies are checked by nobody: the document describes neither side of the change.
 */
export function checksOf(
  { settings, route, opened, operation, version }: Checkable,
  text: string,
): Pick<RouteRules, "requestChecks" | "replyChecks"> {
  const template = parseTemplate(text);
  if (opened === undefined || operation === undefined || typeof template === "string") return {};
  const isChanged = version !== undefined && version.links.length > 0;
  const hasOwn = settings.versions?.some(
    ({ id, openapi }) => id === version?.id && openapi !== undefined,
  );
  const bytesMax = settings.validateBodyBytesMax ?? CHECKED_BYTES_MAX;
  const checked = { opened, operation, bytesMax };
  const { validate = "on", responses = "off" } = route;
  const isChecked = validate === "on" && (!isChanged || hasOwn === true);
  return {
    ...(isChecked ? { requestChecks: requestChecking(checked, template) } : {}),
    ...(responses === "off" || isChanged ? {} : { replyChecks: replyChecking(checked, responses) }),
  };
}
