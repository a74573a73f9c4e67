import type { CompiledOperation } from "./compile.ts";
import type { HttpOptions, OpenApiDocument } from "./options.ts";

/** OpenAPI 3.1 of every operation. */
export function buildOpenApi(
  _operations: readonly CompiledOperation[],
  options: HttpOptions,
): OpenApiDocument {
  return {
    openapi: "3.1.0",
    info: { title: "Portico", version: options.server.version },
    paths: {},
  };
}
