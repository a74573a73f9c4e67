import type { JsonObject, OperationAuth } from "./document.ts";
import { isObject } from "./grammar.ts";
import { resolved } from "./references.ts";

/** What a `security` asks for, in the words of a route. */
export interface Demand {
  readonly auth: OperationAuth;
  readonly permissions: readonly string[];
}

const OPEN: Demand = { auth: "none", permissions: [] };

/**
 * Reads `security` (OpenAPI 3.1 §4.8.30): a list of alternatives, each of schemes that are all needed.
 * - No list, an empty one, or an empty alternative among others: open to everybody.
 * - `apiKey` and `http: basic` are an API key; `oauth2`, `openIdConnect` and `http: bearer` a key or a token.
 * - The scopes are permissions that the caller must hold. Where alternatives ask for different scopes all of them are asked
 *   for, since a route cannot ask for one of several: it fails closed, and `x-portico-permissions` says it better.
 */
export function demandOf(document: JsonObject, security: unknown): Demand {
  if (!Array.isArray(security) || security.length === 0) return OPEN;
  const alternatives: readonly unknown[] = security;
  const kinds = new Set<OperationAuth>();
  const permissions = new Set<string>();
  for (const alternative of alternatives) {
    const schemes = isObject(alternative) ? Object.entries(alternative) : [];
    if (schemes.length === 0) return OPEN;
    for (const [name, scopes] of schemes) {
      kinds.add(kindOf(document, name));
      for (const scope of Array.isArray(scopes) ? scopes : []) {
        if (typeof scope === "string") permissions.add(scope);
      }
    }
  }
  const [only] = kinds;
  return {
    auth: kinds.size === 1 && only !== undefined ? only : "either",
    permissions: [...permissions],
  };
}

function kindOf(document: JsonObject, name: string): OperationAuth {
  const components = document["components"];
  const schemes = isObject(components) ? components["securitySchemes"] : undefined;
  const scheme = isObject(schemes) ? resolved(document, schemes[name]) : undefined;
  const isKey = scheme?.["type"] === "apiKey" || isBasic(scheme);
  return isKey ? "key" : "either";
}

function isBasic(scheme: JsonObject | undefined): boolean {
  return scheme?.["type"] === "http" && String(scheme["scheme"]).toLowerCase() === "basic";
}
