import type { AllClientMetadata } from "oidc-provider";
import type { Client } from "../clients.ts";

/** A client in the engine's words (RFC 7591). Its secret is not among them: see `hasSecret`. */
export function toMetadata(client: Client): AllClientMetadata {
  const hasRedirect = client.redirectUris.length > 0;
  const isConfidential = client.type === "confidential";
  return {
    client_id: client.id,
    client_name: client.name,
    redirect_uris: [...client.redirectUris],
    post_logout_redirect_uris: [...client.postLogoutRedirectUris],
    response_types: hasRedirect ? ["code"] : [],
    grant_types: [
      ...(hasRedirect ? ["authorization_code", "refresh_token"] : []),
      ...(isConfidential ? ["client_credentials"] : []),
    ],
    // `none` for a public client; of a confidential one, either way of RFC 6749 §2.3.1 is taken.
    token_endpoint_auth_method: isConfidential ? "client_secret_basic" : "none",
    ...(isConfidential ? { client_secret: "kept-as-a-hash" } : {}),
  };
}
