import { Buffer } from "node:buffer";
import { errors, interactionPolicy } from "oidc-provider";
import type {
  Client as EngineClient,
  Configuration,
  JWKS,
  KoaContextWithOIDC,
} from "oidc-provider";
import { ownUrl } from "portico/kernel";
import type { Client } from "../clients.ts";
import { findClient, OPENID_SCOPES } from "../clients.ts";
import { raise } from "../errors.ts";
import { errorPage, logoutPage, signedOutPage } from "../pages/notices.ts";
import { pageHeaders } from "../pages/layout.ts";
import { settingsOf } from "../settings.ts";
import { adapterFor } from "./adapter.ts";
import type { EngineParts } from "./parts.ts";

const DAY_SECONDS = 86_400;
/** Longer than any access token lives after the end of its sign-in's last refresh token. */
const GRANT_SLACK_SECONDS = DAY_SECONDS;

/** Where the endpoints are, below the issuer. */
export const ROUTES = {
  authorization: "/oauth/authorize",
  token: "/oauth/token",
  revocation: "/oauth/revoke",
  introspection: "/oauth/introspect",
  end_session: "/oauth/logout",
  jwks: "/oauth/jwks",
} as const;

/** The engine's configuration: every default that matters is written down here. */
export function configurationOf(parts: EngineParts, jwks: JWKS): Configuration {
  const { ctx } = parts;
  const settings = settingsOf(ctx);
  const algorithms = [...new Set(jwks.keys.map(({ alg }) => alg ?? "ES256"))] as ["ES256"];
  return {
    adapter: (model: string) => adapterFor(model, parts),
    jwks,
    routes: ROUTES,
    clientAuthMethods: ["client_secret_basic", "client_secret_post", "none"],
    clientDefaults: { id_token_signed_response_alg: algorithms[0] },
    enabledJWA: { idTokenSigningAlgValues: algorithms },
    responseTypes: ["code"],
    subjectTypes: ["public"],
    scopes: [...OPENID_SCOPES],
    claims: {
      openid: ["sub"],
      profile: ["name", "preferred_username"],
      email: ["email", "email_verified"],
    },
    // There is one access token for everything, so that what the scopes allow is said in the ID token, too.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed("refresh_token"),
    expiresWithSession: (_ctx, token) => !token.scopes.has("offline_access"),
    revokeGrantPolicy: () => true,
    enableHttpPostMethods: false,
    cookies: cookiesOf(parts),
    interactions: {
      policy: interactionPolicy.base(),
      url: (_ctx, { uid }) => `${ownUrl(ctx.server)}/oauth/interaction/${uid}`,
    },
    clientBasedCORS: (_ctx, origin, client) =>
      (client.redirectUris ?? []).some((uri) => new URL(uri).origin === origin),
    discovery: { userinfo_endpoint: `${ownUrl(ctx.server)}/oauth/userinfo` },
    // Nothing that a client registers makes this server ask an address.
    fetch: () => Promise.reject(raise("oauth.noRequests")),
    features: featuresOf(parts, algorithms[0]),
    formats: {
      customizers: {
        jwt: (_ctx, token, structure) => {
          if (!("grantId" in token) || token.grantId === undefined) return;
          structure.payload["grant"] = token.grantId;
          if (token.expiresWithSession === true) structure.payload["sid"] = token.sessionUid ?? "";
        },
      },
    },
    ttl: ttlOf(settings),
    findAccount: async (_ctx, id, token) => await accountOf(parts, id, token),
    loadExistingGrant: (koa) => existingGrant(parts, koa),
    renderError: (koa, out) => {
      const { body, headers } = errorPage(settings, `${out.error}: ${out.error_description ?? ""}`);
      koa.set(headers);
      koa.type = "html";
      koa.body = body;
    },
  };
}

function cookiesOf({ ctx }: EngineParts): Configuration["cookies"] {
  return {
    names: {
      session: "portico_oauth",
      interaction: "portico_oauth_interaction",
      resume: "portico_oauth_resume",
    },
    keys: [Buffer.from(ctx.secrets.derive("oauth.cookies")).toString("base64url")],
    long: { httpOnly: true, sameSite: "lax", signed: true },
    short: { httpOnly: true, sameSite: "lax", signed: true },
  };
}

function featuresOf(parts: EngineParts, alg: "ES256"): Configuration["features"] {
  const { ctx, tokens } = parts;
  const settings = settingsOf(ctx);
  return {
    devInteractions: { enabled: false },
    dPoP: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    // Ours: it takes the same access token as everything else.
    userinfo: { enabled: false },
    clientCredentials: { enabled: true },
    revocation: {
      enabled: true,
      allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
    },
    introspection: {
      enabled: true,
      allowedPolicy: (_ctx, client, token) => mayIntrospect(parts, client, token.clientId),
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => tokens.audience(),
      useGrantedResource: () => true,
      getResourceServerInfo: async (koa, resource, client) => {
        if (resource !== tokens.audience()) throw new errors.InvalidTarget();
        const scopes = await scopesOf(parts, client);
        refuseOthers(koa, scopes);
        return {
          scope: scopes.join(" "),
          audience: resource,
          accessTokenFormat: "jwt",
          accessTokenTTL: settings.accessTokenSeconds,
          jwt: { sign: { alg } },
        };
      },
    },
    rpInitiatedLogout: {
      enabled: true,
      logoutSource: (koa, form) => {
        koa.set(pageHeaders(settings));
        koa.body = logoutPage(settings, form);
      },
      postLogoutSuccessSource: (koa) => {
        koa.set(pageHeaders(settings));
        koa.type = "html";
        koa.body = signedOutPage(settings);
      },
    },
  };
}

function ttlOf(settings: ReturnType<typeof settingsOf>): Configuration["ttl"] {
  const absolute = settings.refreshMaxDays * DAY_SECONDS;
  return {
    AuthorizationCode: 60,
    Interaction: 1_800,
    Session: 14 * DAY_SECONDS,
    IdToken: 3_600,
    AccessToken: settings.accessTokenSeconds,
    ClientCredentials: settings.accessTokenSeconds,
    Grant: absolute + GRANT_SLACK_SECONDS,
    RefreshToken: (_ctx, token) => {
      const nowSeconds = Math.floor(Date.now() / 1_000);
      const left = (token.iiat ?? nowSeconds) + absolute - nowSeconds;
      return Math.max(1, Math.min(settings.refreshIdleDays * DAY_SECONDS, left));
    },
  };
}

async function mayIntrospect(
  { ctx }: EngineParts,
  asking: EngineClient,
  clientId: string | undefined,
): Promise<boolean> {
  if (asking.clientId === clientId) return true;
  // A resource server of the same organization; a public client cannot prove that it is one.
  if (asking.clientAuthMethod === "none" || clientId === undefined) return false;
  const [own, other] = await Promise.all([
    findClient(asking.clientId, ctx),
    findClient(clientId, ctx),
  ]);
  return own !== undefined && own.organization === other?.organization;
}

async function scopesOf({ ctx }: EngineParts, client: EngineClient): Promise<readonly string[]> {
  return (await findClient(client.clientId, ctx))?.scopes ?? [];
}

/** The engine would leave out what a client may not ask for; a client that asks for too much is told so. */
function refuseOthers({ oidc }: KoaContextWithOIDC, scopes: readonly string[]): void {
  const asked = typeof oidc.params?.["scope"] === "string" ? oidc.params["scope"].split(" ") : [];
  const other = asked.find((scope) => !scopes.includes(scope));
  if (other !== undefined) throw new errors.InvalidScope("requested scope is not allowed", other);
}

async function accountOf(parts: EngineParts, id: string, token: object | undefined) {
  const { standing } = parts;
  const person = await standing.person(id);
  if (person === undefined) return undefined;
  if (token !== undefined && !(await standing.backs(token))) return undefined;
  return {
    accountId: id,
    claims: () => ({
      sub: id,
      name: person.displayName,
      preferred_username: person.username,
      ...(person.email === null
        ? {}
        : { email: person.email, email_verified: person.isEmailVerified }),
    }),
  };
}

/** Each authorization begins a sign-in of its own, so that the end of one leaves the user's other devices alone. */
async function existingGrant(parts: EngineParts, koa: KoaContextWithOIDC) {
  const { client, account, provider } = koa.oidc;
  if (client === undefined || account === undefined) return undefined;
  const known: Client | undefined = await findClient(client.clientId, parts.ctx);
  if (known === undefined) return undefined;
  const scopes = await parts.standing.allowedScopes(account.accountId, known);
  if (scopes.length === 0) return undefined;
  const grant = new provider.Grant({ accountId: account.accountId, clientId: client.clientId });
  grant.addOIDCScope(scopes.filter((scope) => isOpenId(scope)).join(" "));
  grant.addResourceScope(parts.tokens.audience(), scopes.join(" "));
  await grant.save();
  return grant;
}

function isOpenId(scope: string): boolean {
  return (OPENID_SCOPES as readonly string[]).includes(scope);
}
