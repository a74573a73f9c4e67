import { Buffer } from "node:buffer";
import { describeStore } from "portico/testing";
import { expect, it } from "vitest";
import { bearer, bench, claimsOf, code, holding } from "./session-app.fixture.ts";
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
