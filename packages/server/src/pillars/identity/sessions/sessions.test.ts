import { describeStore } from "portico/testing";
import { expect, it } from "vitest";
import { HOLDING_CHANGES } from "../organizations/face.ts";
import { bearer, bench, code, holding } from "./session-app.fixture.ts";

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
