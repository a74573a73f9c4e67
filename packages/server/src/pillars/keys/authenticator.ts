import type { Authenticator, CredentialRequest } from "portico/kernel";
import { raise } from "./errors.ts";
import type { KeyVerifier } from "./verify.ts";

/** What the authenticator needs of the pillar once it has started. */
export interface Running {
  readonly verifier: KeyVerifier;
  /** First words by which a bearer token is known to be a key: tokens of others are none of ours. */
  readonly prefixes: readonly string[];
  /** Where the operator lets keys stand in the query: the parameter's name. */
  readonly queryParameter: string | undefined;
}

/** Recognises `Authorization: Bearer <key>` and `X-API-Key: <key>`, and a query parameter only where one is configured. */
export function keyAuthenticator(running: () => Running): Authenticator {
  return {
    id: "keys",
    challenge: "Bearer",
    find: (request) => findKey(request, running()),
    identify: (text, { remoteAddress }) => running().verifier.identify(text, remoteAddress),
    strippedQuery: (query) => withoutKey(query, running().queryParameter),
    lookUp: (id) => running().verifier.lookUp(id),
  };
}

function findKey(
  { headers, url }: CredentialRequest,
  { prefixes, queryParameter }: Running,
): string | undefined {
  const apiKey = headers["x-api-key"];
  const bearer = bearerOf(headers["authorization"], prefixes);
  if (queryParameter !== undefined && url !== undefined && url.includes("?")) {
    const inQuery = keyInQuery(url, queryParameter);
    if (inQuery !== undefined) {
      if (apiKey !== undefined || bearer !== undefined) throw raise("keys.twoKeys");
      return inQuery;
    }
  }
  if (apiKey === undefined) return bearer;
  // node:http joins two lines of one header with a comma, which no key contains.
  if (bearer !== undefined || Array.isArray(apiKey) || apiKey.includes(",")) {
    throw raise("keys.twoKeys");
  }
  return apiKey;
}

function bearerOf(
  authorization: string | string[] | undefined,
  prefixes: readonly string[],
): string | undefined {
  if (authorization === undefined) return undefined;
  if (Array.isArray(authorization)) {
    const found = authorization.flatMap((one) => bearerOf(one, prefixes) ?? []);
    if (found.length > 1) throw raise("keys.twoKeys");
    return found[0];
  }
  // RFC 9110 §11.1: the scheme in any case, then one or more spaces. The usual spelling costs no new text.
  const isBearer =
    authorization.startsWith("Bearer ") || authorization.slice(0, 7).toLowerCase() === "bearer ";
  if (!isBearer) return undefined;
  const token = authorization.slice(7).trimStart();
  return prefixes.some((prefix) => token.startsWith(prefix)) ? token : undefined;
}

function keyInQuery(url: string, name: string): string | undefined {
  const found = new URLSearchParams(url.slice(url.indexOf("?"))).getAll(name);
  if (found.length > 1) throw raise("keys.twoKeys");
  return found[0];
}

/** The other parameters keep their very spelling: what is forwarded is what was sent. */
function withoutKey(query: string, name: string | undefined): string {
  if (name === undefined || !query.startsWith("?")) return query;
  const pairs = query.slice(1).split("&");
  const kept = pairs.filter((pair) => !new URLSearchParams(pair).has(name));
  if (kept.length === pairs.length) return query;
  return kept.length === 0 ? "" : `?${kept.join("&")}`;
}
