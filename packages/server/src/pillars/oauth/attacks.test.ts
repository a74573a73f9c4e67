import { Buffer } from "node:buffer";
import { request } from "node:http";
import { describeStore } from "portico/testing";
import { expect, it } from "vitest";
import {
  authorizeUrl,
  bench,
  CALLBACK,
  PKCE,
  redeem,
  send,
  signIn,
  statusWith,
} from "./oauth-app.fixture.ts";
import type { Bench } from "./oauth-app.fixture.ts";
import { addPerson } from "./identity.fixture.ts";

/** A request whose Host field is what the test says. */
function withHost(
  { url }: Bench,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly status: number; readonly text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
  request(`${url}${path}`, { headers }, (reply) => {
    let text = "";
    reply.on("data", (chunk: Buffer) => (text += chunk.toString()));
    reply.on("end", () => resolve({ status: reply.statusCode ?? 0, text }));
  })
    .on("error", reject)
    .end();
  return promise;
}

describeStore("An attacker", (_open, kind) => {
  it("gets nobody sent to an address that the client has not registered", async () => {
    await using server = await bench(kind);
    const client = await server.client({ redirectUris: ["https://acme.example/callback"] });
    for (const redirect_uri of [
      "https://evil.example/callback",
      "https://acme.example/callback/",
      "https://acme.example/callback?x=1",
      "https://acme.example.evil.example/callback",
      "https://acme.example@evil.example/callback",
      "HTTPS://ACME.EXAMPLE/callback",
      "javascript:alert(1)",
    ]) {
      const page = await server.browser().go(authorizeUrl(client, { redirect_uri }));
      expect([page.status, page.location], redirect_uri).toEqual([400, null]);
      expect(page.text).not.toContain(`href="${redirect_uri}`);
    }
    const logout = await server
      .browser()
      .go(`/oauth/logout?client_id=${client.id}&post_logout_redirect_uri=https://evil.example/`);
    expect([logout.status, logout.location]).toEqual([400, null]);
  });

  it("needs a code challenge by S256, and the verifier of it", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    for (const changed of [
      { code_challenge: undefined, code_challenge_method: undefined },
      { code_challenge_method: "plain" },
      { code_challenge_method: undefined },
    ]) {
      const { location } = await server.browser().go(authorizeUrl(client, changed));
      expect(new URL(String(location)).searchParams.get("error")).toBe("invalid_request");
    }
    const browser = server.browser();
    const back = await browser.authorize(authorizeUrl(client));
    const code = back.searchParams.get("code");
    expect(back.searchParams.get("iss")).toBe(server.url);
    for (const code_verifier of ["w".repeat(64), PKCE.challenge, ""]) {
      const answer = await redeem(server, client, code, { code_verifier });
      expect([answer.status, answer.error]).toEqual([400, "invalid_grant"]);
    }
    expect((await redeem(server, client, code)).status).toBe(200);
  });

  it("who replays a code ends every token that came of it", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    const back = await server.browser().authorize(authorizeUrl(client));
    const code = back.searchParams.get("code");
    const tokens = await redeem(server, client, code);
    expect(await statusWith(server, tokens.access_token)).toBe(200);
    expect(await redeem(server, client, code)).toMatchObject({ error: "invalid_grant" });
    expect(await statusWith(server, tokens.access_token)).toBe(401);
    const refreshed = await send(server, "/oauth/token", {
      grant_type: "refresh_token",
      refresh_token: tokens.refresh_token ?? "",
      client_id: client.id,
      client_secret: client.secret,
    });
    expect(refreshed).toMatchObject({ error: "invalid_grant" });
  });

  it("cannot redeem another client's code, nor one for another address", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    const other = await server.client({ name: "Other" });
    const code = (await server.browser().authorize(authorizeUrl(client))).searchParams.get("code");
    expect(await redeem(server, other, code)).toMatchObject({ error: "invalid_grant" });
    const elsewhere = { redirect_uri: `${CALLBACK}/x` };
    expect(await redeem(server, client, code, elsewhere)).toMatchObject({ error: "invalid_grant" });
    expect(await redeem(server, client, code, { client_secret: "guess" })).toMatchObject({
      status: 401,
      error: "invalid_client",
    });
    expect((await redeem(server, client, code)).status).toBe(200);
  });

  it("changes no address in discovery by Host or X-Forwarded-Host", async () => {
    await using server = await bench(kind);
    const path = "/.well-known/openid-configuration";
    for (const host of ["evil.example", "localhost:1", "127.0.0.1.evil.example"]) {
      const reply = await withHost(server, path, { host });
      expect(reply.status, host).toBe(421);
      expect(JSON.parse(reply.text)).toMatchObject({ error: "invalid_request" });
    }
    const forwarded = await withHost(server, path, {
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "https",
      forwarded: "host=evil.example",
    });
    expect(forwarded.text).not.toContain("evil.example");
    const document = JSON.parse(forwarded.text) as Record<string, string>;
    expect(document).toMatchObject({
      issuer: server.url,
      token_endpoint: `${server.url}/oauth/token`,
      userinfo_endpoint: `${server.url}/oauth/userinfo`,
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
    });
  });

  it("gets no scope beyond the client's, the user's and the first consent's", async () => {
    await using server = await bench(kind);
    addPerson(server.identity, "bob", { permissions: ["keys:read"] });
    const client = await server.client({ scopes: ["openid", "oauth:read"] });
    const { location } = await server
      .browser()
      .go(authorizeUrl(client, { scope: "openid oauth:write" }));
    expect(new URL(String(location)).searchParams.get("error")).toBe("invalid_scope");
    // The user allows what the client may ask for, and does not hold it.
    const back = await server.browser().authorize(authorizeUrl(client), "bob");
    const tokens = await redeem(server, client, back.searchParams.get("code"));
    expect(await statusWith(server, tokens.access_token)).toBe(403);
    const more = await send(server, "/oauth/token", {
      grant_type: "refresh_token",
      refresh_token: tokens.refresh_token ?? "",
      scope: "openid oauth:read oauth:write",
      client_id: client.id,
      client_secret: client.secret,
    });
    expect(more).toMatchObject({ error: "invalid_scope" });
  });

  it("cannot make a client allow itself more by the API", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    const { access_token: token = "" } = await signIn(server, client, {
      scope: "openid oauth:write",
    });
    const reply = await fetch(`${server.url}/api/v1/oauth/clients/${client.id}/grants`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ userId: "bob", scopes: ["openid"] }),
    });
    expect(await reply.json()).toMatchObject({ status: 403, code: "oauth.notByClient" });
    const grants = await fetch(`${server.url}/api/v1/oauth/grants`, {
      headers: { authorization: `Bearer ${token}` },
    });
    expect(((await grants.json()) as { data: unknown[] }).data).toHaveLength(1);
  });

  it("of another organization cannot use, see or sign in to a client of this one", async () => {
    await using server = await bench(kind);
    addPerson(server.identity, "eve", { organization: "evil" });
    const client = await server.client();
    const stranger = server.app.as({ organization: "evil", permissions: ["*"] });
    for (const path of [`/oauth/clients/${client.id}`]) {
      expect((await stranger.get(path)).status).toBe(404);
      expect((await stranger.delete(path)).status).toBe(404);
      expect((await stranger.patch(path, { name: "x" })).status).toBe(404);
      expect((await stranger.post(`${path}/rotate-secret`, {})).status).toBe(404);
    }
    const back = await server.browser().authorize(authorizeUrl(client), "eve");
    expect(back.searchParams.get("error")).toBe("access_denied");
    const reply = await stranger.post("/oauth/clients", {
      name: "Spy",
      type: "confidential",
      scopes: ["oauth:read"],
    });
    const spy = reply.json() as { id: string; secret: string };
    const tokens = await signIn(server, client);
    const seen = await send(server, "/oauth/introspect", {
      token: tokens.access_token ?? "",
      client_id: spy.id,
      client_secret: spy.secret,
    });
    expect(seen).toEqual({ status: 200, active: false });
    await send(server, "/oauth/revoke", {
      token: tokens.access_token ?? "",
      client_id: spy.id,
      client_secret: spy.secret,
    });
    expect(await statusWith(server, tokens.access_token)).toBe(200);
  });

  it("is not heard with a secret or token in the query", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    const query = `client_id=${client.id}&client_secret=${client.secret}`;
    const answer = await send(server, `/oauth/token?${query}`, {
      grant_type: "client_credentials",
    });
    expect(answer.error).toBe("invalid_request");
    const { access_token: token = "" } = await signIn(server, client);
    const reply = await fetch(`${server.url}/api/v1/oauth/clients?access_token=${token}`);
    expect(reply.status).toBe(401);
  });

  it("forges no token: unsigned, resigned, of another type, algorithm, issuer or key", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    const tokens = await signIn(server, client);
    const [head = "", body = "", signature = ""] = (tokens.access_token ?? "").split(".");
    const part = (value: object): string =>
      Buffer.from(JSON.stringify(value)).toString("base64url");
    const header = JSON.parse(Buffer.from(head, "base64url").toString()) as object;
    const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as object;
    expect(header).toMatchObject({ typ: "at+jwt", alg: "ES256" });
    expect(claims).toMatchObject({ iss: server.url, sub: "ada", client_id: client.id });
    for (const forged of [
      `${part({ ...header, alg: "none" })}.${body}.`,
      `${part({ ...header, alg: "none" })}.${body}.${signature}`,
      `${part({ ...header, alg: "HS256" })}.${body}.${signature}`,
      `${part({ ...header, kid: "k9" })}.${body}.${signature}`,
      `${part({ ...header, typ: "JWT" })}.${body}.${signature}`,
      `${head}.${part({ ...claims, scope: "*" })}.${signature}`,
      `${head}.${body}.${signature.slice(0, -4)}AAAA`,
      tokens.id_token ?? "",
    ]) {
      expect(await statusWith(server, forged), forged).toBe(401);
    }
    expect(await statusWith(server, tokens.access_token)).toBe(200);
  });

  it("signs nobody in by a form of another site, nor within a frame, nor by a script in a name", async () => {
    await using server = await bench(kind);
    const client = await server.client({ name: `<script>alert(1)</script>"'` });
    const browser = server.browser();
    const page = await browser.follow(authorizeUrl(client));
    const shown = await browser.go(page.url);
    expect(shown.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(shown.headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
    expect(shown.text).not.toContain("<script");
    const form = { action: "login", username: "ada", password: "correct horse battery" };
    for (const headers of [
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { origin: "https://evil.example" },
    ]) {
      const reply = await browser.go(page.url, form, headers);
      expect([reply.status, reply.location]).toEqual([400, null]);
    }
    // The address alone, in another browser, is worth nothing.
    const elsewhere = await server.browser().go(page.url, form);
    expect([elsewhere.status, elsewhere.location]).toEqual([400, null]);
    const wrong = await browser.go(page.url, { ...form, password: "wrong" });
    expect(wrong.status).toBe(401);
    expect(wrong.text).toContain('role="alert"');
  });
});
