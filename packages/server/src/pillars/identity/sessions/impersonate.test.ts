import { Audit } from "portico/kernel";
import { describeStore } from "portico/testing";
import { expect, it } from "vitest";
import { Identity } from "../capability.ts";
import { bearer, bench, claimsOf, code, somebody } from "./session-app.fixture.ts";
import type { SessionTables } from "./tables.ts";

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
