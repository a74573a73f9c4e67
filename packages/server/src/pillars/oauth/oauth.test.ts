import { describeStore } from "portico/testing";
import { expect, it } from "vitest";
import * as oidc from "openid-client";
import { bench, CALLBACK } from "./oauth-app.fixture.ts";
import type { Bench, MadeClient } from "./oauth-app.fixture.ts";

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
