import { describeStore, fakeClock } from "portico/testing";
import { expect, it } from "vitest";
import { bench, outcome } from "./organization-app.fixture.ts";
import type { Bench, PersonClient, Reply } from "./organization-app.fixture.ts";

const MEMBERS = "/organizations/default/members";

function idOf(reply: Reply): string {
  return (reply.json() as { id: string }).id;
}

async function allowed(
  asker: PersonClient,
  question: { userId?: string; permission: string; resource?: string },
): Promise<boolean> {
  const reply = await asker.post("/access/check", question);
  if (reply.status !== 200) throw new Error(reply.text);
  return (reply.json() as { allowed: boolean }).allowed;
}

async function explained(asker: PersonClient, question: object): Promise<unknown> {
  return (await asker.post("/access/explain", question)).json();
}

async function started(it: Bench): Promise<{ ann: PersonClient; bob: PersonClient }> {
  await it.member("ann", ["owner"]);
  await it.member("bob");
  return { ann: it.person("ann"), bob: it.person("bob") };
}

describeStore("roles and grants", (open) => {
  it("deny what a denial is about, whatever else is held, and allow what a grant is about and nothing more", async () => {
    await using database = await open();
    await using it = await bench({ database });
    const { ann } = await started(it);
    const team = idOf(await ann.post("/teams", { name: "Team", roles: [] }));
    await ann.post(`/teams/${team}/members`, { userId: "bob" });
    const give = { subjectKind: "team", subject: team, permission: "invitations:*" };
    const granted = idOf(await ann.post("/grants", { ...give, resource: "room:*" }));
    const ask = (resource?: string): Promise<boolean> =>
      allowed(ann, {
        userId: "bob",
        permission: "invitations:read",
        ...(resource === undefined ? {} : { resource }),
      });
    expect(await Promise.all([ask("room:1"), ask("room:2"), ask("file:1"), ask()])).toEqual([
      true,
      true,
      false,
      false,
    ]);
    const denied = idOf(
      await ann.post("/grants", {
        subjectKind: "user",
        subject: "bob",
        resource: "room:1",
        permission: "invitations:read",
        effect: "deny",
      }),
    );
    await ann.patch(`${MEMBERS}/bob`, { roles: ["admin"] });
    expect(await Promise.all([ask("room:1"), ask("room:2"), ask()])).toEqual([false, true, true]);
    const question = { userId: "bob", permission: "invitations:read", resource: "room:1" };
    expect(await explained(ann, question)).toEqual({
      allowed: false,
      reason: "The caller 'bob' is denied 'invitations:read' over 'room:1'.",
      subject: "bob",
      roles: ["admin"],
      because: [
        {
          kind: "denial",
          id: denied,
          team: null,
          permission: "invitations:read",
          resource: "room:1",
        },
        { kind: "grant", id: granted, team, permission: "invitations:*", resource: "room:*" },
        { kind: "role", id: "admin", team: null, permission: "*", resource: null },
      ],
    });
    expect((await ann.delete(`/grants/${denied}`)).status).toBe(204);
    expect(await ask("room:1")).toBe(true);
    const told = (await it.app.events()).map(({ type }) => type);
    expect(told.filter((type) => type.startsWith("grant."))).toEqual([
      "grant.created",
      "grant.created",
      "grant.deleted",
    ]);
  });

  it("end with the time of the grant", async () => {
    await using database = await open();
    const clock = fakeClock();
    await using it = await bench({ database, clock });
    const { ann, bob } = await started(it);
    const grant = {
      subjectKind: "user",
      subject: "bob",
      resource: "*",
      permission: "grants:read",
    };
    expect(
      outcome(await ann.post("/grants", { ...grant, expiresAt: "2020-01-01T00:00:00Z" })),
    ).toEqual([422, "identity.expiryPast"]);
    const expiresAt = new Date(clock.now() + 60_000).toISOString();
    await ann.post("/grants", { ...grant, expiresAt });
    expect((await bob.get("/grants")).status).toBe(200);
    await clock.advance(60_000);
    expect((await bob.get("/grants")).status).toBe(403);
  });

  it("give nothing that their giver lacks, by roles, grants, teams and denials that are taken back", async () => {
    await using database = await open();
    await using it = await bench({ database });
    const { ann, bob } = await started(it);
    const own = ["roles:*", "grants:*", "teams:*", "service-accounts:*", "members:*"];
    await ann.post("/roles", { name: "keeper", permissions: own });
    await ann.post("/roles", { name: "strong", permissions: ["invitations:*"] });
    await ann.patch(`${MEMBERS}/bob`, { roles: ["keeper"] });
    const grant = { subjectKind: "user", subject: "bob", resource: "room:1" };
    const denial = idOf(
      await ann.post("/grants", { ...grant, permission: "invitations:read", effect: "deny" }),
    );
    const team = idOf(await ann.post("/teams", { name: "Team" }));
    const toTeam = { subjectKind: "team", subject: team, resource: "room:2" };
    await ann.post("/grants", { ...toTeam, permission: "invitations:read" });
    const tries = [
      await bob.post("/roles", { name: "mine", permissions: ["invitations:read"] }),
      await bob.post("/roles", { name: "mine", permissions: ["*"] }),
      await bob.patch("/roles/strong", { permissions: [] }),
      await bob.delete("/roles/strong"),
      await bob.patch(`${MEMBERS}/bob`, { roles: ["strong"] }),
      await bob.post("/teams", { name: "T", roles: ["strong"] }),
      await bob.post("/service-accounts", { name: "S", roles: ["admin"] }),
      await bob.post("/grants", { ...grant, permission: "invitations:read" }),
      await bob.delete(`/grants/${denial}`),
      await bob.post(`/teams/${team}/members`, { userId: "bob" }),
    ];
    expect(tries.map(outcome)).toEqual(tries.map(() => [403, "identity.exceedsGiver"]));
    const denyAnn = { ...grant, subject: "ann", permission: "*", effect: "deny" };
    expect(outcome(await bob.post("/grants", denyAnn))).toEqual([403, "identity.ownerNeeded"]);
    expect((await bob.post("/roles", { name: "mine", permissions: ["members:read"] })).status).toBe(
      201,
    );
  });

  it("keep owner and admin as they are, and a role that is held", async () => {
    await using database = await open();
    await using it = await bench({ database });
    const { ann } = await started(it);
    await ann.post("/roles", { name: "editor", permissions: ["invitations:*"] });
    await ann.patch(`${MEMBERS}/bob`, { roles: ["editor"] });
    const replies = [
      await ann.patch("/roles/owner", { permissions: [] }),
      await ann.patch("/roles/admin", { permissions: [] }),
      await ann.delete("/roles/member"),
      await ann.post("/roles", { name: "guest", permissions: [] }),
      await ann.post("/roles", { name: "user", permissions: [] }),
      await ann.delete("/roles/editor"),
      await ann.post("/teams", { name: "T", roles: ["owner"] }),
    ];
    expect(replies.map(outcome)).toEqual([
      [409, "identity.roleFixed"],
      [409, "identity.roleFixed"],
      [409, "identity.roleFixed"],
      [409, "identity.roleTaken"],
      [409, "identity.roleTaken"],
      [409, "identity.roleInUse"],
      [422, "identity.ownerIsPersonal"],
    ]);
    await ann.patch(`${MEMBERS}/bob`, { roles: ["member"] });
    expect((await ann.delete("/roles/editor")).status).toBe(204);
  });

  it("are an organization's own: what one makes of member means nothing in another", async () => {
    await using database = await open();
    await using it = await bench({ database });
    const { ann, bob } = await started(it);
    await it.member("bob", ["member"], "org_b");
    expect((await ann.patch("/roles/user", { permissions: ["grants:read"] })).status).toBe(200);
    expect((await bob.get("/grants")).status).toBe(200);
    expect((await it.person("bob", "org_b").get("/grants")).status).toBe(403);
  });

  it("let a caller without an account do what guests of default may, at once, and nothing before", async () => {
    await using database = await open();
    await using it = await bench({ database });
    const { ann } = await started(it);
    await it.member("eve", ["owner"], "org_b");
    const nobody = (path: string): Promise<Reply> =>
      it.app.inject({ method: "GET", url: `/api/v1${path}` });
    expect((await nobody("/roles")).status).toBe(401);
    await it.person("eve", "org_b").patch("/roles/guest", { permissions: ["roles:read"] });
    expect((await nobody("/roles")).status).toBe(401);
    await ann.patch("/roles/guest", { permissions: ["roles:read"] });
    expect((await nobody("/roles")).status).toBe(200);
    expect((await nobody(MEMBERS)).status).toBe(401);
    expect((await nobody("/organizations")).status).toBe(401);
    await ann.patch("/roles/guest", { permissions: [] });
    expect((await nobody("/roles")).status).toBe(401);
  });

  it("are held by service accounts, which call with their secret until it is rotated, switched off or deleted", async () => {
    await using database = await open();
    await using it = await bench({ database });
    const { ann } = await started(it);
    const made = await ann.post("/service-accounts", { name: "Importer", roles: ["moderator"] });
    const { id, secret } = made.json() as { id: string; secret: string };
    const call = (bearer: string): Promise<Reply> =>
      it.app.inject({
        method: "GET",
        url: "/api/v1/grants",
        headers: { authorization: `Bearer ${bearer}` },
      });
    expect((await call(secret)).status).toBe(200);
    expect((await ann.get(`/service-accounts/${id}`)).text).not.toContain(secret);
    const rotated = (await ann.post(`/service-accounts/${id}/rotate`)).json() as { secret: string };
    expect(outcome(await call(secret))).toEqual([401, "identity.secretInvalid"]);
    expect((await call(rotated.secret)).status).toBe(200);
    await ann.patch(`/service-accounts/${id}`, { active: false });
    expect((await call(rotated.secret)).status).toBe(401);
    await ann.patch(`/service-accounts/${id}`, { active: true, roles: ["member"] });
    expect((await call(rotated.secret)).status).toBe(403);
    await ann.delete(`/service-accounts/${id}`);
    expect((await call(rotated.secret)).status).toBe(401);
    expect(JSON.stringify(await it.app.events())).not.toContain(rotated.secret);
  });

  it("refuse a credential that acts for a banned member or for a service account that is switched off", async () => {
    await using database = await open();
    await using it = await bench({ database });
    const { ann } = await started(it);
    const id = idOf(await ann.post("/service-accounts", { name: "Importer" }));
    const as = (userId: string): Promise<Reply> =>
      it.app.as({ kind: "key", subject: "key_1", userId, permissions: ["*"] }).get("/roles");
    const ask = async (): Promise<readonly number[]> => {
      const replies = await Promise.all(["bob", id, "host-9", "svc_unknown"].map(as));
      return replies.map(({ status }) => status);
    };
    expect(await ask()).toEqual([200, 200, 200, 403]);
    await ann.post(`${MEMBERS}/bob/ban`, {});
    await ann.patch(`/service-accounts/${id}`, { active: false });
    expect(await ask()).toEqual([403, 403, 200, 403]);
    expect(outcome(await as("bob"))).toEqual([403, "identity.callerBarred"]);
  });

  it("are told of others only to who may ask, and never of another organization's", async () => {
    await using database = await open();
    await using it = await bench({ database });
    const { ann, bob } = await started(it);
    const question = { userId: "ann", permission: "invitations:read" };
    expect(outcome(await bob.post("/access/check", question))).toEqual([403, "access.forbidden"]);
    expect(await allowed(bob, { permission: "members:read" })).toBe(true);
    expect(await allowed(bob, { permission: "members:write" })).toBe(false);
    await it.member("eve", ["owner"], "org_b");
    const eve = it.person("eve", "org_b");
    expect(await allowed(eve, question)).toBe(false);
    expect(await explained(eve, question)).toMatchObject({ because: [{ kind: "stranger" }] });
    await ann.post(`${MEMBERS}/bob/ban`, {});
    expect(await explained(ann, { userId: "bob", permission: "members:read" })).toMatchObject({
      allowed: false,
      because: [{ kind: "barred" }],
    });
    expect(outcome(await ann.post("/access/check", { key: "key_x", permission: "a:b" }))).toEqual([
      404,
      "identity.memberNotFound",
    ]);
  });
});
