import type { JsonObject, OpenApiDocument, OperationAuth } from "./document.ts";
import { isOurs } from "./extensions.ts";
import { isObject, mapTree, METHODS } from "./grammar.ts";
import type { Met } from "./grammar.ts";
import { resolved } from "./references.ts";
import { routesOf } from "./routes-of.ts";

/** How a document is shown. */
export interface PublicOptions {
  /** Where callers reach the API through Portico, base path included: `https://api.example.com/shop`. */
  readonly serverUrl: string;
  /** In place of the document's own version. */
  readonly version?: string;
  /** Whose credential each operation asks for as it is in force, by the operation's pointer; by the document when left out. */
  readonly auth?: ReadonlyMap<string, OperationAuth>;
}

const SCHEMES = {
  porticoKey: { type: "apiKey", in: "header", name: "X-API-Key" },
  porticoBearer: { type: "http", scheme: "bearer" },
} as const;

/** What a caller of a route must send, as `security` says it. */
const SECURITY: Readonly<Record<OperationAuth, readonly JsonObject[]>> = {
  none: [],
  key: [{ porticoKey: [] }, { porticoBearer: [] }],
  token: [{ porticoBearer: [] }],
  either: [{ porticoKey: [] }, { porticoBearer: [] }],
};

/**
 * The document of an API as its callers see it: reached through Portico, with Portico's credentials, without what was said to
 * Portico and without hidden operations. Still 3.1; `toOpenApi30` makes 3.0.3 of it.
 *
 * @example
 * const shown = publicDocument(document, { serverUrl: "https://api.example.com" });
 */
export function publicDocument(document: OpenApiDocument, options: PublicOptions): JsonObject {
  const routes = new Map(
    routesOf(document).map(({ operation, auth }) => [
      operation.pointer,
      options.auth?.get(operation.pointer) ?? auth,
    ]),
  );
  const isShown = (pointer: string): boolean => routes.has(pointer);
  const node = withOwnItems(document.json);
  const shown = mapTree({ kind: "document", node, pointer: "" }, (met) => {
    if (met.kind === "pathItem") return withoutHidden(met, isShown);
    if (met.kind !== "operation" || !met.pointer.startsWith("/paths/"))
      return withoutOurs(met.node);
    const auth = routes.get(met.pointer);
    if (auth === undefined) return withoutOurs(met.node);
    return { ...withoutOurs(met.node), security: SECURITY[auth] };
  });
  return {
    ...withComponents(withPaths(shown)),
    info: infoOf(document, options),
    servers: [{ url: options.serverUrl }],
    security: [],
  };
}

/** A path may refer to an item elsewhere, which others may show otherwise: each gets its own. */
function withOwnItems(json: JsonObject): JsonObject {
  const paths = isObject(json["paths"]) ? json["paths"] : {};
  const entries = Object.entries(paths).map(([path, item]): [string, unknown] =>
    path.startsWith("/") ? [path, resolved(json, item) ?? item] : [path, item],
  );
  return { ...json, paths: Object.fromEntries(entries) };
}

function withoutOurs(node: JsonObject): JsonObject {
  const names = Object.keys(node);
  if (!names.some(isOurs) && !names.includes("servers")) return node;
  // A server of a path or an operation would lead past Portico.
  const kept = Object.entries(node).filter(([name]) => !isOurs(name) && name !== "servers");
  return Object.fromEntries(kept);
}

function withoutHidden({ node, pointer }: Met, isShown: (pointer: string) => boolean): JsonObject {
  const plain = withoutOurs(node);
  // Paths of callbacks and webhooks are called by the application: they are shown as they are.
  if (!/^\/paths\/[^/]*$/.test(pointer)) return plain;
  const kept = Object.entries(plain).filter(
    ([name]) => !(METHODS as readonly string[]).includes(name) || isShown(`${pointer}/${name}`),
  );
  return Object.fromEntries(kept);
}

function withPaths(shown: JsonObject): JsonObject {
  const paths = isObject(shown["paths"]) ? shown["paths"] : {};
  const kept = Object.entries(paths).filter(
    ([path, item]) =>
      !path.startsWith("/") || (isObject(item) && METHODS.some((method) => method in item)),
  );
  return { ...shown, paths: Object.fromEntries(kept) };
}

function withComponents(shown: JsonObject): JsonObject {
  const components = isObject(shown["components"]) ? shown["components"] : {};
  return { ...shown, components: { ...components, securitySchemes: SCHEMES } };
}

function infoOf({ json }: OpenApiDocument, { version }: PublicOptions): JsonObject {
  const info = isObject(json["info"]) ? json["info"] : {};
  return { ...info, version: version ?? info["version"] ?? "" };
}
