import type { MountExchange } from "portico/kernel";
import type { AccessTokens } from "./access-tokens.ts";
import { tokenOf } from "./authenticator.ts";
import { raise } from "./errors.ts";
import { wordsOf } from "./scopes.ts";
import type { Standing } from "./standing.ts";

/** What the endpoint works with. */
export interface UserInfoParts {
  readonly tokens: AccessTokens;
  readonly standing: Standing;
}

/** Claims about the user of a token (OpenID Connect Core §5.3): those that its scopes allow. */
export async function serveUserInfo(
  { request, response }: MountExchange,
  { tokens, standing }: UserInfoParts,
): Promise<void> {
  const text = tokenOf(request.headers.authorization);
  const claims = text === undefined ? undefined : await tokens.live(text);
  const scopes = wordsOf(claims?.scope);
  if (claims?.grant === undefined || !scopes.includes("openid")) throw raise("oauth.invalidToken");
  const person = await standing.person(claims.sub);
  if (person === undefined) throw raise("oauth.invalidToken");
  const profile = { name: person.displayName, preferred_username: person.username };
  const email = { email: person.email, email_verified: person.isEmailVerified };
  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(
    JSON.stringify({
      sub: person.id,
      ...(scopes.includes("profile") ? profile : {}),
      ...(scopes.includes("email") && person.email !== null ? email : {}),
    }),
  );
}
