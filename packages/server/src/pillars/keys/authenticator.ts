import type { Authenticator, CredentialRequest } from "portico/kernel";
import { raise } from "./errors.ts";
import type { KeyVerifier } from "./verify.ts";

/** What the authenticator needs of the pillar once it has started. */
export interface Running {
  readonly verifier: KeyVerifier;
  /** First words by which a bearer token is known to be a key: tokens of others are none of ours. */
  readonly prefixes: readonly string[];
}

/** Recognises `Authorization: Bearer <key>` and `X-API-Key: <key>`. */
export function keyAuthenticator(running: () => Running): Authenticator {
  return {
    id: "keys",
    challenge: "Bearer",
    find: (request) => findKey(request, running().prefixes),
    identify: (text) => running().verifier.identify(text),
    lookUp: (id) => running().verifier.lookUp(id),
  };
}

function findKey({ headers }: CredentialRequest, prefixes: readonly string[]): string | undefined {
  const apiKey = headers["x-api-key"];
  const bearer = bearerOf(headers["authorization"], prefixes);
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
