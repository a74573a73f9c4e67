import { describeStore } from "portico/testing";
import { expect, it, vi } from "vitest";
import {
  authorizeUrl,
  bench,
  CALLBACK,
  redeem,
  send,
  signIn,
  statusWith,
} from "./oauth-app.fixture.ts";
import type { Bench, MadeClient, TokenAnswer } from "./oauth-app.fixture.ts";

const refresh = (server: Bench, client: MadeClient, token = ""): Promise<TokenAnswer> =>
  send(server, "/oauth/token", {
    grant_type: "refresh_token",
    refresh_token: token,
    client_id: client.id,
    client_secret: client.secret,
  });

/** The status once other processes' changes have been heard of: a second at most. */
async function statusSoon(
  server: Bench,
  token: string | undefined,
  wanted: number,
): Promise<number> {
  const isWanted = async (): Promise<void> => expect(await statusWith(server, token)).toBe(wanted);
  await vi.waitFor(isWanted, { timeout: 1_500 });
  return await statusWith(server, token);
}

describeStore("What ends a token", (_open, kind) => {
  it("is its client's end, at once", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    const { access_token: token, refresh_token: more } = await signIn(server, client);
    const own = await send(server, "/oauth/token", {
      grant_type: "client_credentials",
      scope: "oauth:read",
      client_id: client.id,
      client_secret: client.secret,
    });
    expect(await statusWith(server, token)).toBe(200);
    expect(await statusWith(server, own.access_token)).toBe(200);
    expect((await server.app.as().delete(`/oauth/clients/${client.id}`)).status).toBe(204);
    expect(await statusWith(server, token)).toBe(401);
    expect(await statusWith(server, own.access_token)).toBe(401);
    expect((await refresh(server, client, more)).error).toBe("invalid_client");
  });

  it("is a scope that is taken from the client, at once", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    const { access_token: token } = await signIn(server, client);
    expect(await statusWith(server, token)).toBe(200);
    await server.app.as().patch(`/oauth/clients/${client.id}`, { scopes: ["openid"] });
    expect(await statusWith(server, token)).toBe(403);
  });

  it("is the user's revocation of the grant, at once; then the client has to ask again", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    const { access_token: token, refresh_token: more, browser } = await signIn(server, client);
    expect(await statusWith(server, token)).toBe(200);
    const ada = server.app.as({ kind: "user", subject: "ada", userId: "ada", permissions: [] });
    const { data } = (await ada.get("/oauth/grants")).json() as { data: { id: string }[] };
    expect(data).toMatchObject([{ clientId: client.id, scopes: ["openid", "oauth:read"] }]);
    const bob = server.app.as({ kind: "user", subject: "bob", userId: "bob", permissions: [] });
    expect((await bob.delete(`/oauth/grants/${data[0]?.id ?? ""}`)).status).toBe(404);
    expect((await ada.delete(`/oauth/grants/${data[0]?.id ?? ""}`)).status).toBe(204);
    expect(await statusWith(server, token)).toBe(401);
    expect((await refresh(server, client, more)).error).toBe("invalid_grant");
    expect((await browser.follow(authorizeUrl(client))).text).toContain("Allow");
  });

  it("is its own revocation, of a user's with its sign-in and of a client's alone", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    const auth = { client_id: client.id, client_secret: client.secret };
    const one = await signIn(server, client);
    const other = await signIn(server, client);
    const revoke = { ...auth, token: one.access_token ?? "" };
    expect((await send(server, "/oauth/introspect", revoke)).active).toBe(true);
    expect((await send(server, "/oauth/revoke", revoke)).status).toBe(200);
    expect(await statusWith(server, one.access_token)).toBe(401);
    expect((await send(server, "/oauth/introspect", revoke)).active).toBe(false);
    expect((await refresh(server, client, one.refresh_token)).error).toBe("invalid_grant");
    // The same user's other device goes on.
    expect(await statusWith(server, other.access_token)).toBe(200);
    const form = { ...auth, grant_type: "client_credentials", scope: "oauth:read" };
    const own = await send(server, "/oauth/token", form);
    const twin = await send(server, "/oauth/token", form);
    await send(server, "/oauth/revoke", { ...auth, token: own.access_token ?? "" });
    expect(await statusWith(server, own.access_token)).toBe(401);
    expect(await statusWith(server, twin.access_token)).toBe(200);
  });

  it("is the end of the user's session, unless the user allowed access beyond it", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    const bound = await signIn(server, client);
    const offline = await signIn(server, client, {
      scope: "openid oauth:read offline_access",
      prompt: "consent",
    });
    for (const id of server.identity.sessions.keys()) {
      server.identity.sessions.delete(id);
      await server.identity.tell("identity.session", id);
    }
    expect(await statusSoon(server, bound.access_token, 401)).toBe(401);
    expect((await refresh(server, client, bound.refresh_token)).error).toBe("invalid_grant");
    expect(await statusWith(server, offline.access_token)).toBe(200);
    expect((await refresh(server, client, offline.refresh_token)).status).toBe(200);
  });

  it("is the end of the user's membership or account, within a second", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    const { access_token: token } = await signIn(server, client);
    server.identity.holdings.set("ada default", { permissions: ["keys:read"], grants: [] });
    await server.identity.tell("identity.holding", "ada");
    expect(await statusSoon(server, token, 403)).toBe(403);
    server.identity.holdings.clear();
    await server.identity.tell("identity.holding", "ada");
    expect(await statusSoon(server, token, 401)).toBe(401);
  });

  it("is a refresh token that comes a second time, with all of its sign-in", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    const first = await signIn(server, client);
    const second = await refresh(server, client, first.refresh_token);
    expect(second.status).toBe(200);
    // A racer is told no, and the winner's tokens live.
    expect((await refresh(server, client, first.refresh_token)).error).toBe("invalid_grant");
    expect(await statusWith(server, second.access_token)).toBe(200);
    server.later(11_000);
    expect((await refresh(server, client, first.refresh_token)).error).toBe("invalid_grant");
    expect((await refresh(server, client, second.refresh_token)).error).toBe("invalid_grant");
    expect(await statusWith(server, second.access_token)).toBe(401);
  });

  it("is signing out, which a client may ask for and the user confirms", async () => {
    await using server = await bench(kind);
    const client = await server.client({ postLogoutRedirectUris: [CALLBACK] });
    const { access_token: token, id_token: hint = "", browser } = await signIn(server, client);
    const query = new URLSearchParams({ id_token_hint: hint, post_logout_redirect_uri: CALLBACK });
    const page = await browser.go(`/oauth/logout?${query.toString()}`);
    expect(page.text).toContain("Sign out");
    const xsrf = /name="xsrf" value="(\w+)"/.exec(page.text)?.[1] ?? "";
    const done = await browser.go("/oauth/logout/confirm", { xsrf, logout: "yes" });
    expect(done.location).toBe(CALLBACK);
    expect(server.identity.sessions.size).toBe(0);
    expect(await statusSoon(server, token, 401)).toBe(401);
  });
});

describeStore("An OAuth client", (_open, kind) => {
  it("asks a user once, and again for more", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    const { browser } = await signIn(server, client);
    const again = await browser.follow(authorizeUrl(client));
    expect(new URL(again.url).searchParams.get("code")).not.toBeNull();
    const silent = await browser.follow(authorizeUrl(client, { prompt: "none" }));
    expect(new URL(silent.url).searchParams.get("code")).not.toBeNull();
    const more = { scope: "openid oauth:read oauth:write" };
    expect((await browser.follow(authorizeUrl(client, more))).text).toContain("oauth:write");
    const quiet = await browser.follow(authorizeUrl(client, { ...more, prompt: "none" }));
    expect(new URL(quiet.url).searchParams.get("error")).toBe("consent_required");
    const nobody = await server.browser().follow(authorizeUrl(client, { prompt: "none" }));
    expect(new URL(nobody.url).searchParams.get("error")).toBe("login_required");
    const anew = await browser.follow(authorizeUrl(client, { prompt: "login" }));
    expect(anew.text).toContain('name="password"');
  });

  it("is given no code for a user with a second factor until that is proved", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    server.identity.codes.set("ada", "123456");
    const browser = server.browser();
    const page = await browser.follow(authorizeUrl(client));
    const login = { action: "login", username: "ada", password: "correct horse battery" };
    const second = await browser.go(page.url, login);
    expect([second.status, server.identity.sessions.size]).toEqual([200, 0]);
    const challenge = /name="challenge" value="([^"]+)"/.exec(second.text)?.[1] ?? "";
    const wrong = await browser.go(page.url, { action: "factor", challenge, code: "000000" });
    expect(wrong.status).toBe(401);
    const forged = await browser.go(page.url, { action: "factor", challenge: "x", code: "123456" });
    expect([forged.status, server.identity.sessions.size]).toEqual([400, 0]);
    const form = { action: "factor", challenge, code: "123456" };
    const asked = await browser.submit(page.url, form);
    expect(asked.text).toContain("Allow");
  });

  it("opens with both secrets while a rotation overlaps, and is stored without either", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    const rotated = await server.app.as().post(`/oauth/clients/${client.id}/rotate-secret`, {
      overlapMs: 60_000,
    });
    const { secret } = rotated.json() as { secret: string };
    const form = { grant_type: "client_credentials", client_id: client.id, scope: "oauth:read" };
    for (const client_secret of [client.secret, secret]) {
      expect((await send(server, "/oauth/token", { ...form, client_secret })).status).toBe(200);
    }
    await server.app.as().post(`/oauth/clients/${client.id}/rotate-secret`, { overlapMs: 0 });
    const late = await send(server, "/oauth/token", { ...form, client_secret: secret });
    expect(late.error).toBe("invalid_client");
  });

  it("keeps no code, token or secret readable in the database", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    const back = await server.browser().authorize(authorizeUrl(client));
    const code = back.searchParams.get("code") ?? "";
    const tokens = await redeem(server, client, code);
    const { driver } = server.database;
    const texts = [client.secret, code, tokens.refresh_token ?? "", tokens.access_token ?? ""];
    for (const sql of ["select * from oauth_models", "select * from oauth_clients"]) {
      const { rows } = await driver.query({ sql, parameters: [] });
      expect(rows.length).toBeGreaterThan(0);
      for (const text of texts) expect(JSON.stringify(rows)).not.toContain(text);
    }
    expect(JSON.stringify(await server.app.events())).not.toContain(client.secret);
  });

  it("goes on when the signing keys are rotated", async () => {
    await using server = await bench(kind);
    const client = await server.client();
    const before = await signIn(server, client);
    server.identity.rotateKeys();
    const after = await signIn(server, client);
    expect(await statusWith(server, before.access_token)).toBe(200);
    expect(await statusWith(server, after.access_token)).toBe(200);
    const { keys } = (await (await fetch(`${server.url}/oauth/jwks`)).json()) as { keys: object[] };
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(key).not.toHaveProperty("d");
  });
});
