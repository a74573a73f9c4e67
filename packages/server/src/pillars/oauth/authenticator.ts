import type { Authenticator, CredentialRequest } from "portico/kernel";
import type { AccessTokens } from "./access-tokens.ts";
import { readPart } from "./signature.ts";

/**
 * Recognises access tokens of OAuth clients in `Authorization: Bearer`: signed ones whose `client_id` is a client's. Those of
 * sessions are identity's. Never a token in a query.
 */
export function tokenAuthenticator(
  running: () => { readonly tokens: AccessTokens },
): Authenticator {
  return {
    id: "oauth",
    challenge: "Bearer",
    find: ({ headers }) => tokenOf(headers["authorization"]),
    identify: (text) => running().tokens.identify(text),
  };
}

/** The text of an access token of an OAuth client in an `Authorization` field; undefined where there is none. */
export function tokenOf(authorization: CredentialRequest["headers"][string]): string | undefined {
  // No key has a dot: calls with one, by far the most, are done here.
  if (typeof authorization !== "string" || !authorization.includes(".")) return undefined;
  const text = /^bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(authorization)?.[1];
  const client = text && readPart(text.split(".")[1] ?? "")?.["client_id"];
  return typeof client === "string" && client.startsWith("client_") ? text : undefined;
}
