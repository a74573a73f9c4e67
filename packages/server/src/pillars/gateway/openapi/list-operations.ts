import type { OpenApiDocument } from "./document.ts";
import { routesOf } from "./routes-of.ts";
import type { DocumentRoute, RouteDefaults } from "./routes-of.ts";

/** One operation as discovery lists it. */
export interface OperationView {
  readonly id: string;
  readonly method: string;
  /** With the base path. */
  readonly path: string;
  readonly description: string | null;
  readonly auth: DocumentRoute["auth"];
  readonly permissions: readonly string[];
  readonly rateLimit: number | string | null;
  readonly deprecated: boolean;
}

/** The operations of a document for `GET /api/docs`; `basePath` is put before their paths. */
export function listOperations(
  document: OpenApiDocument,
  { basePath, ...defaults }: RouteDefaults & { readonly basePath: string },
): readonly OperationView[] {
  const prefix = basePath === "/" ? "" : basePath.replace(/\/$/, "");
  return routesOf(document, defaults).map(
    ({ operation, auth, permissions, rateLimit, isDeprecated }) => ({
      id: operation.id,
      method: operation.method,
      path: `${prefix}${operation.path}`,
      description: operation.summary ?? operation.description ?? null,
      auth,
      permissions,
      rateLimit: rateLimit ?? null,
      deprecated: isDeprecated,
    }),
  );
}
