import { Value } from "typebox/value";
import type { OpenedDocument } from "./openapi/index.ts";
import { routesOf } from "./openapi/index.ts";
import type { DocumentRoute } from "./openapi/index.ts";
import { RouteSettings } from "./settings.ts";
import type { ApiSettings } from "./settings.ts";
import { shapeOf } from "./template.ts";

/** A route to be built, with the operation that it is of. */
export interface PlannedRoute {
  readonly route: RouteSettings;
  readonly operation?: DocumentRoute["operation"];
}

/** What an API serves, and what of its document is no setting of a route. */
export interface Plan {
  readonly routes: readonly PlannedRoute[];
  readonly mistakes: readonly string[];
}

/**
 * The routes of an API that has a document: its operations, each with what the configuration says for the same path and method
 * laid over it, and then the configuration's further routes.
 */
export function planOf(settings: ApiSettings, { document }: OpenedDocument): Plan {
  const mistakes: string[] = [];
  const own = settings.routes ?? [];
  const operations = routesOf(document, settings);
  const taken = new Set<string>();
  const routes = operations.map((each): PlannedRoute => {
    const [method] = each.methods;
    const shape = shapeOf(each.path);
    taken.add(`${method} ${shape}`);
    const over = own.find(
      ({ path, methods }) => shapeOf(path) === shape && (methods?.includes(method) ?? true),
    );
    return { route: laidOver(each, over, mistakes), operation: each.operation };
  });
  const further = own.flatMap((route): readonly PlannedRoute[] => {
    const shape = shapeOf(route.path);
    const isKnown = operations.some(({ path }) => shapeOf(path) === shape);
    if (!isKnown) return [{ route }];
    const methods = route.methods?.filter((method) => !taken.has(`${method} ${shape}`)) ?? [];
    return methods.length === 0 ? [] : [{ route: { ...route, methods } }];
  });
  return { routes: [...routes, ...further], mistakes };
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
