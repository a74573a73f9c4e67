import type { RateLimits } from "portico/kernel";
import type { JsonObject, OpenApiDocument, OpenApiOperation, OperationAuth } from "./document.ts";
import { saidOf } from "./extensions.ts";
import type { ReplyChecks, RequestChecks } from "./extensions.ts";

/** What the settings of an API say for all of its routes. */
export interface RouteDefaults {
  readonly auth?: OperationAuth | undefined;
  readonly permissions?: readonly string[] | undefined;
  readonly rateLimit?: RateLimits | undefined;
  readonly validate?: RequestChecks | undefined;
  readonly responses?: ReplyChecks | undefined;
}

/** One operation as a route: the members of a route's settings, and the operation behind them. */
export interface DocumentRoute {
  /** Below the API's base path. */
  readonly path: string;
  /** One method. */
  readonly methods: readonly [string];
  /** The operation's id. */
  readonly name: string;
  readonly auth: OperationAuth;
  readonly permissions: readonly string[];
  readonly rateLimit: RateLimits | undefined;
  readonly isDeprecated: boolean;
  readonly validate: RequestChecks;
  readonly responses: ReplyChecks;
  /** `x-portico-route`: any further setting, to be checked as those of the configuration are. */
  readonly more: JsonObject;
  readonly operation: OpenApiOperation;
}

/**
 * Turns a document into routes, in its order. Who decides, the first that says something: the operation's own `x-portico-…`,
 * the API's settings (the operator's word), the document's `security`. Requests are checked unless somebody says `off`.
 *
 * @example
 * const routes = routesOf(document, { auth: "key" });
 * // [{ path: "/customers/{id}", methods: ["GET"], name: "GetCustomer", auth: "key", … }]
 */
export function routesOf(
  document: OpenApiDocument,
  defaults: RouteDefaults = {},
): readonly DocumentRoute[] {
  return document.operations.flatMap((operation) => {
    const said = saidOf(document.json, operation);
    if (said.isHidden) return [];
    const auth = said.auth ?? defaults.auth ?? operation.auth;
    return [
      {
        path: operation.template,
        methods: [operation.method],
        name: operation.id,
        auth,
        permissions:
          said.permissions ??
          defaults.permissions ??
          (auth === "none" ? [] : operation.permissions),
        rateLimit: said.rateLimit ?? defaults.rateLimit,
        isDeprecated: operation.isDeprecated,
        validate: said.validate ?? defaults.validate ?? "on",
        responses: said.responses ?? defaults.responses ?? "off",
        more: said.route,
        operation,
      } as const,
    ];
  });
}
