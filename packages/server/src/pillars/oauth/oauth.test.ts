import { describeStore } from "portico/testing";
import { expect, it } from "vitest";
import * as strict from "oauth4webapi";
import * as oidc from "openid-client";
import { bench, CALLBACK, signIn } from "./oauth-app.fixture.ts";
import type { Bench, MadeClient } from "./oauth-app.fixture.ts";

const insecureRequests = Reflect.get(strict, "allowInsecureRequests") as symbol;
// The server of these tests has no TLS.
const insecure = {
  execute: [Reflect.get(oidc, "allowInsecureRequests")],
};

async function discover(server: Bench, { id, secret }: MadeClient): Promise<oidc.Configuration> {
  return await oidc.discovery(new URL(server.url), id, secret, undefined, insecure);
}

/** An authorization request of an independent client, and what it has to remember. */
async function request(config: oidc.Configuration, scope: string, extra: object = {}) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const expectedState = oidc.randomState();
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope,
    state: expectedState,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
    ...extra,
  });
  return { url, checks: { pkceCodeVerifier, expectedState } };
}

describeStore("OAuth", (_open, kind) => {
  it("gives an independent client tokens for a user who signs in and allows it", async () => {
    await using server = await bench(kind);
    const config = await discover(server, await server.client());
    const { url, checks } = await request(config, "openid profile oauth:read");
    const back = await server.browser().authorize(url);
    const tokens = await oidc.authorizationCodeGrant(config, back, checks);
    expect(tokens.claims()).toMatchObject({ sub: "ada" });
    const claims = await oidc.fetchUserInfo(config, tokens.access_token, "ada");
    expect(claims).toMatchObject({ sub: "ada", name: "Person ada" });
    const authorization = `Bearer ${tokens.access_token}`;
    const read = await fetch(`${server.url}/api/v1/oauth/clients`, { headers: { authorization } });
    expect(read.status).toBe(200);
    const write = await fetch(`${server.url}/api/v1/oauth/clients`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: "{}",
    });
    expect(write.status).toBe(403);
    const fresh = await oidc.refreshTokenGrant(config, tokens.refresh_token ?? "");
    expect(fresh.refresh_token).not.toBe(tokens.refresh_token);
  });

  it("gives a client a token of its own, within its scopes", async () => {
    await using server = await bench(kind);
    const config = await discover(server, await server.client());
    const { access_token: token } = await oidc.clientCredentialsGrant(config, {
      scope: "oauth:read",
    });
    const headers = { authorization: `Bearer ${token}` };
    const read = await fetch(`${server.url}/api/v1/oauth/clients`, { headers });
    expect(read.status).toBe(200);
    await expect(oidc.clientCredentialsGrant(config, { scope: "keys:read" })).rejects.toMatchObject(
      { error: "invalid_scope" },
    );
  });
});

describeStore("An access token", (_open, kind) => {
  it("is one of RFC 9068 to an independent resource server, which finds whose it is by RFC 9728", async () => {
    await using server = await bench(kind);
    const { access_token: token = "" } = await signIn(server, await server.client());
    const http = { [insecureRequests]: true };
    const issuer = new URL(server.url);
    const metadata = await strict.discoveryRequest(issuer, { algorithm: "oauth2", ...http });
    const as = await strict.processDiscoveryResponse(issuer, metadata);
    const resource = new URL(`${server.url}/api`);
    const about = await strict.processResourceDiscoveryResponse(
      resource,
      await strict.resourceDiscoveryRequest(resource, http),
    );
    expect(about.authorization_servers).toEqual([server.url]);
    const request = new Request(`${server.url}/api/v1/oauth/clients`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const claims = await strict.validateJwtAccessToken(as, request, about.resource, http);
    expect(claims).toMatchObject({ sub: "ada", scope: "openid oauth:read" });
    const refused = await fetch(request.url);
    const challenge = refused.headers.get("www-authenticate") ?? "";
    expect(challenge).toContain(
      `resource_metadata="${server.url}/.well-known/oauth-protected-resource"`,
    );
  });
});
