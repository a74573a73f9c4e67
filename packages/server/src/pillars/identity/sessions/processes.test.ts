import { describeStore } from "portico/testing";
import { describe, expect, it } from "vitest";
import { bearer, bench, ORIGIN } from "./session-app.fixture.ts";
import type { Bench } from "./session-app.fixture.ts";
import type { SessionTables } from "./tables.ts";

/** What another process leaves in the database: the row gone and the change mark, and no word to this one. */
async function endElsewhere(here: Bench, id: string): Promise<void> {
  const ctx = here.app.context("identity");
  await ctx.store.transaction(
    { scope: "instance", origin: ctx.newOrigin("elsewhere") },
    async (tx) => {
      await tx.db<SessionTables>().deleteFrom("identity_sessions").where("id", "=", id).execute();
      tx.changed("identity.session", id);
    },
  );
}

describeStore("a session that is ended by another process", (_open, kind) => {
  it("is closed here within a second", async () => {
    await using here = await bench(kind);
    const { accessToken, sessionId } = await here.signIn();
    expect((await here.ask(accessToken)).status).toBe(200);
    await endElsewhere(here, sessionId);
    await here.clock.advance(1_000);
    await expect.poll(async () => (await here.ask(accessToken)).status).toBe(401);
  });
});

describe("two processes over one PostgreSQL", () => {
  const within = { timeout: 1_000, interval: 20 };

  async function pair(): Promise<Bench & { readonly other: Bench["app"] }> {
    const here = await bench("postgres");
    return Object.assign(here, { other: await here.another() });
  }

  it("take each other's tokens, and a sign-out at one ends them at the other within a second", async () => {
    await using here = await pair();
    const { accessToken } = await here.signIn();
    expect((await here.ask(accessToken, here.other)).status).toBe(200);
    const url = "/api/v1/auth/logout";
    await here.app.inject({ method: "POST", url, headers: bearer(accessToken) });
    await expect
      .poll(async () => (await here.ask(accessToken, here.other)).status, within)
      .toBe(401);
  });

  it("act by a suspension and by a lost membership within a second", async () => {
    await using here = await pair();
    const [ada, bob] = [await here.signIn(), await here.signIn("bob")];
    for (const { accessToken } of [ada, bob]) {
      expect((await here.ask(accessToken, here.other)).status).toBe(200);
    }
    await here.change("user_ada", { state: "suspended" });
    await expect
      .poll(async () => (await here.ask(ada.accessToken, here.other)).status, within)
      .toBe(401);
    expect((await here.ask(bob.accessToken, here.other)).status).toBe(200);
    await here.change("user_bob", { holdings: {} }, "identity.holding");
    expect((await here.ask(bob.accessToken, here.other)).status).toBe(401);
  });

  it("count a session as used wherever it is used", async () => {
    await using here = await pair();
    const reply = await here.login({ cookie: true }, { origin: ORIGIN });
    const { sessionId } = reply.json() as { sessionId: string };
    const cookie = /__Host-portico=\w+/.exec(String(reply.headers["set-cookie"]))?.[0] ?? "";
    const ask = async (app: Bench["app"]): Promise<number> =>
      (await app.inject({ url: "/api/v1/sessions/current", headers: { cookie } })).status;
    expect(await ask(here.other)).toBe(200);
    // Used at the first process for an hour, and remembered at the other as unused since.
    for (let minutes = 0; minutes < 60; minutes += 10) {
      await here.clock.advance(600_000);
      expect(await ask(here.app)).toBe(200);
      await here.clock.advance(60_000);
      await expect
        .poll(async () => {
          const row = await here.app.as({ permissions: ["*"] }).get(`/sessions/${sessionId}`);
          return Date.parse((row.json() as { lastSeenAt: string }).lastSeenAt);
        })
        .toBeGreaterThan(here.clock.now() - 600_000);
    }
    expect(await ask(here.other)).toBe(200);
  });
});
