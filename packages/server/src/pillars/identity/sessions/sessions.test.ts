import { Audit } from "portico/kernel";
import { describeStore } from "portico/testing";
import { expect, it } from "vitest";
import { HOLDING_CHANGES } from "../organizations/face.ts";
import { Identity } from "../capability.ts";
import { bearer, bench, code, holding, somebody } from "./session-app.fixture.ts";
import type { SessionTables } from "./tables.ts";

describeStore("a sign-in", (_open, kind) => {
  it("200: gives an access token, a refresh token, their time, and the person", async () => {
    await using here = await bench(kind);
    const reply = await here.login();
    expect([reply.status, reply.json()]).toEqual([
      200,
      {
        accessToken: expect.stringMatching(/^ey[\w-]+\.[\w-]+\.[\w-]+$/),
        refreshToken: expect.stringMatching(/^prt_/),
        expiresIn: 600,
        sessionId: expect.stringMatching(/^session_/),
        user: {
          id: "user_ada",
          username: "ada",
          displayName: "Ada",
          email: "user_ada@example.com",
          emailVerified: true,
          organization: "default",
          roles: ["member"],
        },
      },
    ]);
    expect(reply.headers["set-cookie"]).toEqual(["portico-device=dev_user_ada"]);
    const events = await here.events();
    expect(events.map(({ type }) => type)).toEqual(["session.created"]);
  });

  it("401 alike for an unknown name, a wrong password and a suspended person", async () => {
    await using here = await bench(kind);
    await here.change("user_bob", { state: "suspended" });
    const wrong = [{ username: "nobody" }, { password: "wrong" }, { username: "bob" }];
    for (const body of wrong) {
      const reply = await here.login(body);
      expect([reply.status, code(reply)]).toEqual([401, "identity.badCredentials"]);
    }
    expect(await here.events()).toEqual([]);
  });

  it("403 in an organization that the person is no member of, with the right password only", async () => {
    await using here = await bench(kind);
    expect(code(await here.login({ organization: "other" }))).toBe("identity.notMember");
    expect(code(await here.login({ organization: "other", password: "wrong" }))).toBe(
      "identity.badCredentials",
    );
  });

  it("422 without a name, with two, and with a challenge beside a password", async () => {
    await using here = await bench(kind);
    for (const body of [
      { email: "user_ada@example.com" },
      { username: undefined },
      { challenge: "pch_x" },
    ]) {
      const reply = await here.login(body);
      expect([reply.status, code(reply)]).toEqual([422, "identity.loginIncomplete"]);
    }
  });

  it("acts in the organization that is asked for, with what that one allows", async () => {
    await using here = await bench(kind);
    const holdings = { default: holding("notes:read"), acme: holding("notes:*") };
    await here.change("user_ada", { holdings });
    const { accessToken, user } = await here.signIn("ada", { organization: "acme" });
    expect(user).toMatchObject({ organization: "acme" });
    const caller = await here.app
      .context("identity")
      .access.identify({ headers: bearer(accessToken), remoteAddress: "" });
    expect(caller).toMatchObject({
      kind: "user",
      organization: "acme",
      subject: "user_ada",
      userId: "user_ada",
      permissions: ["notes:*"],
      instancePermissions: [],
    });
    expect((await here.events("acme")).map(({ type }) => type)).toEqual(["session.created"]);
  });

  it("keeps hashes of its secrets and no secret, in the database, the log and the audit", async () => {
    await using here = await bench(kind);
    const { accessToken, refreshToken } = await here.signIn();
    const cookie = await here.login({ cookie: true });
    const text = /pss_\w+/.exec(String(cookie.headers["set-cookie"]))?.[0] ?? "";
    expect(text).toHaveLength(47);
    const rows = await here.app
      .context("identity")
      .store.read("instance")
      .db<SessionTables>()
      .selectFrom("identity_sessions")
      .selectAll()
      .execute();
    const events = JSON.stringify(await here.events());
    const stored =
      JSON.stringify(rows.map((row) => Object.values(row).map(String))) + events + here.logged();
    for (const secret of [accessToken, refreshToken, text])
      expect(stored).not.toContain(secret.slice(10));
  });

  it("ends the longest unused session of a person who has as many as allowed", async () => {
    await using here = await bench(kind, { settings: { sessions: { perPersonMax: 2 } } });
    const first = await here.signIn();
    await here.clock.advance(1_000);
    const second = await here.signIn();
    await here.clock.advance(1_000);
    const third = await here.signIn();
    const statuses = [];
    for (const { accessToken } of [first, second, third]) {
      statuses.push((await here.ask(accessToken)).status);
    }
    expect(statuses).toEqual([401, 200, 200]);
  });
});

describeStore("a second proof", (_open, kind) => {
  const factor = {
    needed: async (userId: string) => userId === "user_ada",
    verify: async ({ userId, code: given }: { userId: string; code: string }) =>
      userId === "user_ada" && given === "123456" ? "otp" : undefined,
  };

  it("401 without it, with a challenge that the right code answers within five minutes", async () => {
    await using here = await bench(kind, { factor });
    const refused = await here.login();
    expect([refused.status, code(refused)]).toEqual([401, "identity.factorRequired"]);
    const { challenge } = refused.json() as { challenge: string };
    const answer = (body: object) =>
      here.app.inject({ method: "POST", url: "/api/v1/auth/login", body: { challenge, ...body } });
    expect(code(await answer({ code: "000000" }))).toBe("identity.badChallenge");
    expect((await answer({ code: "123456" })).status).toBe(200);
    await here.clock.advance(300_000);
    expect(code(await answer({ code: "123456" }))).toBe("identity.badChallenge");
  });

  it("is taken with the password at once, and is told in the token", async () => {
    await using here = await bench(kind, { factor });
    const { accessToken } = await here.signIn("ada", { code: "123456" });
    expect(claimsOf(accessToken)).toMatchObject({ amr: ["pwd", "otp"] });
    expect(code(await here.login({ code: "000000" }))).toBe("identity.badChallenge");
  });

  it("is asked of nobody who has not set it up", async () => {
    await using here = await bench(kind, { factor });
    expect((await here.login({ username: "bob" })).status).toBe(200);
  });

  it("401 for a challenge that is altered, of another server, or made up", async () => {
    await using here = await bench(kind, { factor });
    const { challenge } = (await here.login()).json() as { challenge: string };
    const [body = "", seal = ""] = challenge.slice(4).split(".");
    const bob = Buffer.from(body, "base64url").toString().replace("user_ada", "user_bob");
    for (const text of [
      `pch_${Buffer.from(bob).toString("base64url")}.${seal}`,
      `pch_${body}.${"A".repeat(43)}`,
      "pch_",
      "x",
    ]) {
      const reply = await here.app.inject({
        method: "POST",
        url: "/api/v1/auth/login",
        body: { challenge: text, code: "123456" },
      });
      expect([reply.status, code(reply)]).toEqual([401, "identity.badChallenge"]);
    }
  });
});

describeStore("the end of a session", (_open, kind) => {
  it("by signing out closes its access token from the answer on, and its refresh token", async () => {
    await using here = await bench(kind);
    const { accessToken, refreshToken } = await here.signIn();
    expect((await here.ask(accessToken)).status).toBe(200);
    const out = await here.app.inject({
      method: "POST",
      url: "/api/v1/auth/logout",
      headers: bearer(accessToken),
    });
    expect(out.status).toBe(204);
    expect(code(await here.ask(accessToken))).toBe("identity.badAccessToken");
    expect(code(await here.refresh(refreshToken))).toBe("identity.badRefreshToken");
    expect((await here.events()).map(({ type }) => type)).toEqual([
      "session.created",
      "session.ended",
    ]);
  });

  it("takes the others and leaves the one that asks, or takes all", async () => {
    await using here = await bench(kind);
    const [one, two, three] = [await here.signIn(), await here.signIn(), await here.signIn()];
    const other = await here.signIn("bob");
    const end = (query: string, token: string) =>
      here.app.inject({
        method: "DELETE",
        url: `/api/v1/sessions${query}`,
        headers: bearer(token),
      });
    expect((await end("", two.accessToken)).json()).toEqual({ ended: 2 });
    expect((await here.ask(one.accessToken)).status).toBe(401);
    expect((await here.ask(three.accessToken)).status).toBe(401);
    expect((await here.ask(two.accessToken)).status).toBe(200);
    expect((await end("?all=true", two.accessToken)).json()).toEqual({ ended: 1 });
    expect((await here.ask(two.accessToken)).status).toBe(401);
    expect((await here.ask(other.accessToken)).status).toBe(200);
  });

  it("404 for another person's session, which goes on; an administrator of its organization may", async () => {
    await using here = await bench(kind);
    const [ada, bob] = [await here.signIn(), await here.signIn("bob")];
    const url = `/api/v1/sessions/${ada.sessionId}`;
    for (const method of ["GET", "DELETE"]) {
      const reply = await here.app.inject({ method, url, headers: bearer(bob.accessToken) });
      expect([reply.status, code(reply)]).toEqual([404, "identity.sessionNotFound"]);
    }
    const stranger = here.app.as({ organization: "other", permissions: ["*"] });
    expect((await stranger.delete(`/sessions/${ada.sessionId}`)).status).toBe(404);
    expect((await here.ask(ada.accessToken)).status).toBe(200);
    const admin = here.app.as({ permissions: ["sessions:write"] });
    expect((await admin.delete(`/sessions/${ada.sessionId}`)).status).toBe(204);
    expect((await here.ask(ada.accessToken)).status).toBe(401);
  });

  it("403 for a key that says it acts for a person: that opens nobody's sessions", async () => {
    await using here = await bench(kind);
    const { sessionId } = await here.signIn();
    const key = here.app.as({ kind: "key", subject: "user_ada", userId: "user_ada" });
    for (const reply of [await key.get("/sessions"), await key.delete("/sessions?all=true")]) {
      expect([reply.status, code(reply)]).toEqual([403, "identity.notSession"]);
    }
    expect((await key.get(`/sessions/${sessionId}`)).status).toBe(404);
  });

  it("lists device, address and times of one's own, the current one marked", async () => {
    await using here = await bench(kind);
    const first = await here.signIn();
    await here.clock.advance(1_000);
    const second = await here.signIn();
    await here.signIn("bob");
    const headers = bearer(second.accessToken);
    const listed = await here.app.inject({ url: "/api/v1/sessions", headers });
    expect(listed.json()).toMatchObject({
      data: [
        { id: second.sessionId, current: true, device: "Test/1.0", address: "127.0.0.1" },
        { id: first.sessionId, current: false, createdAt: "2026-01-01T00:00:00.000Z" },
      ],
      next: null,
    });
    const all = await here.app.as({ instancePermissions: ["sessions:all"] }).get("/admin/sessions");
    expect((all.json() as { data: unknown[] }).data).toHaveLength(3);
    expect((await here.app.as().get("/admin/sessions")).status).toBe(403);
  });
});

describeStore("the limits of a session", (_open, kind) => {
  const settings = { sessions: { idleDays: 1, absoluteDays: 2 }, tokens: { lifeSeconds: 900 } };
  const HOUR_MS = 3_600_000;

  it("end it after its idle time, and use moves that on", async () => {
    await using here = await bench(kind, { settings });
    let { refreshToken } = await here.signIn();
    await here.clock.advance(20 * HOUR_MS);
    ({ refreshToken } = (await here.refresh(refreshToken)).json() as { refreshToken: string });
    await here.clock.advance(20 * HOUR_MS);
    ({ refreshToken } = (await here.refresh(refreshToken)).json() as { refreshToken: string });
    await here.clock.advance(24 * HOUR_MS);
    expect(code(await here.refresh(refreshToken))).toBe("identity.badRefreshToken");
  });

  it("end it at its absolute limit however much it is used", async () => {
    await using here = await bench(kind, { settings });
    let { refreshToken } = await here.signIn();
    for (let hours = 0; hours < 47; hours += 1) {
      await here.clock.advance(HOUR_MS);
      ({ refreshToken } = (await here.refresh(refreshToken)).json() as { refreshToken: string });
    }
    await here.clock.advance(HOUR_MS);
    expect(code(await here.refresh(refreshToken))).toBe("identity.badRefreshToken");
  });

  it("keep a browser's unremembered session for half an hour without use", async () => {
    await using here = await bench(kind);
    const reply = await here.login({ cookie: true });
    const { sessionId } = reply.json() as { sessionId: string };
    const row = await here.app.as({ permissions: ["sessions:read"] }).get(`/sessions/${sessionId}`);
    expect(row.json()).toMatchObject({ expiresAt: "2026-01-01T00:30:00.000Z" });
  });

  it("are written behind: last seen to the minute, by one statement for many uses", async () => {
    await using here = await bench(kind);
    const { accessToken, sessionId } = await here.signIn();
    await here.clock.advance(90_000);
    for (let use = 0; use < 5; use += 1) await here.ask(accessToken);
    const seen = async (): Promise<unknown> =>
      (await here.app.as({ permissions: ["sessions:read"] }).get(`/sessions/${sessionId}`)).json();
    expect(await seen()).toMatchObject({ lastSeenAt: "2026-01-01T00:00:00.000Z" });
    await here.clock.advance(60_000);
    await expect.poll(seen).toMatchObject({ lastSeenAt: "2026-01-01T00:01:30.000Z" });
  });

  it("let a clean-up remove what has lived out, one's own or the organization's, and nothing else", async () => {
    await using here = await bench(kind, { settings });
    await here.signIn();
    await here.signIn("bob");
    await here.clock.advance(24 * HOUR_MS);
    const { accessToken } = await here.signIn();
    const clean = (headers: Record<string, string>) =>
      here.app.inject({ method: "POST", url: "/api/v1/sessions/cleanup", headers });
    expect((await clean(bearer(accessToken))).json()).toEqual({ removed: 1 });
    const stranger = here.app.as({ organization: "other", permissions: ["*"] });
    expect((await clean({ ...stranger.headers })).json()).toEqual({ removed: 0 });
    const admin = here.app.as({ permissions: ["sessions:write"] });
    expect((await clean({ ...admin.headers })).json()).toEqual({ removed: 1 });
    expect((await here.ask(accessToken)).status).toBe(200);
  });
});

describeStore("what a session may do", (_open, kind) => {
  it("ends with a suspension and follows a change of role, from the commit on", async () => {
    await using here = await bench(kind);
    const { accessToken } = await here.signIn();
    const access = here.app.context("identity").access;
    const asked = { headers: bearer(accessToken), remoteAddress: "" };
    await access.identify(asked);
    expect(access.identify(asked)).toMatchObject({ permissions: ["notes:read"] });
    await here.change("user_ada", { holdings: { default: holding("notes:*") } }, HOLDING_CHANGES);
    expect(await access.identify(asked)).toMatchObject({ permissions: ["notes:*"] });
    await here.change("user_ada", { state: "suspended" });
    await expect(access.identify(asked)).rejects.toMatchObject({ code: "identity.badAccessToken" });
    await here.change("user_ada", { state: "active" });
    await here.change("user_ada", { holdings: {} }, HOLDING_CHANGES);
    await expect(access.identify(asked)).rejects.toMatchObject({ code: "identity.badAccessToken" });
  });

  it("is answered at once and as the same caller from the second request on", async () => {
    await using here = await bench(kind);
    const { accessToken } = await here.signIn();
    const { access } = here.app.context("identity");
    const asked = { headers: bearer(accessToken), remoteAddress: "" };
    const first = await access.identify(asked);
    expect(access.identify(asked)).toBe(first);
  });
});

describeStore("a further proof", (_open, kind) => {
  it("puts a new session with new secrets in the place of the old, within its absolute limit", async () => {
    await using here = await bench(kind);
    const before = await here.signIn();
    await here.clock.advance(86_400_000);
    const ctx = here.app.context("identity");
    const renewed = await ctx.store.transaction(
      { scope: { organization: "default" }, origin: ctx.newOrigin("test") },
      (tx) => ctx.get(Identity).sessions.renew(before.sessionId, ["otp"], tx),
    );
    expect(renewed?.id).not.toBe(before.sessionId);
    expect(claimsOf(renewed?.accessToken ?? "")).toMatchObject({ amr: ["pwd", "otp"] });
    expect(code(await here.refresh(before.refreshToken))).toBe("identity.badRefreshToken");
    expect((await here.refresh(renewed?.refreshToken ?? "")).status).toBe(200);
    const rows = await ctx.store
      .read("instance")
      .db<SessionTables>()
      .selectFrom("identity_sessions")
      .selectAll()
      .execute();
    expect(rows.map(({ expires_at }) => expires_at)).toEqual([
      Date.UTC(2026, 0, 1) + 90 * 86_400_000,
    ]);
  });
});

describeStore("acting as another person", (_open, kind) => {
  const admin = { instancePermissions: ["users:impersonate"] };
  const act = (here: Awaited<ReturnType<typeof bench>>, token: string, id = "user_bob") =>
    here.app.inject({
      method: "POST",
      url: `/api/v1/admin/users/${id}/impersonate`,
      headers: bearer(token),
      body: { reason: "Ticket 4711" },
    });

  it("says who really acts, in the token and the audit, has no rights over the installation, and lasts an hour", async () => {
    await using here = await bench(kind);
    await here.change("user_ada", admin);
    const own = await here.signIn();
    const reply = await act(here, own.accessToken);
    const acting = reply.json() as { accessToken: string; sessionId: string };
    expect(reply.json()).toMatchObject({
      refreshToken: null,
      expiresIn: 3_600,
      user: { id: "user_bob" },
    });
    expect(claimsOf(acting.accessToken)).toMatchObject({
      sub: "user_bob",
      act: { sub: "user_ada" },
    });
    const caller = await here.app
      .context("identity")
      .access.identify({ headers: bearer(acting.accessToken), remoteAddress: "" });
    expect(caller).toMatchObject({
      subject: "user_bob",
      impersonator: "user_ada",
      instancePermissions: [],
    });
    await here.app.inject({
      method: "POST",
      url: "/api/v1/auth/logout",
      headers: bearer(acting.accessToken),
    });
    const ended = await here.app
      .context("identity")
      .get(Audit)
      .list({ organization: "default", action: "session.ended", limit: 10 });
    expect(ended.map(({ actor }) => actor)).toEqual(["user_ada as user_bob"]);
  });

  it("ends with the administrator's own session, suspension and right, and after its hour", async () => {
    await using here = await bench(kind);
    await here.change("user_ada", admin);
    for (const end of [
      (token: string) =>
        here.app.inject({ method: "POST", url: "/api/v1/auth/logout", headers: bearer(token) }),
      () => here.change("user_ada", { state: "suspended" }),
      () => here.change("user_ada", { instancePermissions: [] }),
      () => here.clock.advance(3_600_000),
    ]) {
      await here.change("user_ada", { ...admin, state: "active" });
      const own = await here.signIn();
      const acting = (await act(here, own.accessToken)).json() as { accessToken: string };
      expect((await here.ask(acting.accessToken)).status).toBe(200);
      await end(own.accessToken);
      expect((await here.ask(acting.accessToken)).status).toBe(401);
    }
  });

  it("403 of somebody with rights over the installation, of oneself, and while acting already", async () => {
    await using here = await bench(kind);
    await here.change("user_ada", admin);
    here.world.set("user_root", somebody("user_root", { instancePermissions: ["*"] }));
    const own = await here.signIn();
    expect(code(await act(here, own.accessToken, "user_root"))).toBe(
      "identity.impersonationRefused",
    );
    expect(code(await act(here, own.accessToken, "user_ada"))).toBe(
      "identity.impersonationRefused",
    );
    expect(code(await act(here, own.accessToken, "user_none"))).toBe("identity.personNotFound");
    const acting = (await act(here, own.accessToken)).json() as { accessToken: string };
    expect((await act(here, acting.accessToken)).status).toBe(403);
    expect((await act(here, (await here.signIn("bob")).accessToken)).status).toBe(403);
  });
});

function claimsOf(token: string): unknown {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}
