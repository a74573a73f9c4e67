import { describeStore } from "portico/testing";
import { describe, expect, it } from "vitest";
import { bench, code, outcome } from "./organization-app.fixture.ts";
import type { Reply } from "./organization-app.fixture.ts";

const MEMBERS = "/organizations/default/members";

function body<TBody>(reply: Reply): TBody {
  return reply.json() as TBody;
}

describeStore("members", (open) => {
  it("cannot lose their last owner: neither by leaving, nor by another role, a ban or a removal", async () => {
    await using database = await open();
    await using it = await bench({ database });
    await it.member("ann", ["owner"]);
    const ann = it.person("ann");
    const refused = [
      await ann.post("/organizations/default/leave"),
      await ann.patch(`${MEMBERS}/ann`, { roles: ["admin"] }),
      await ann.post(`${MEMBERS}/ann/ban`, {}),
      await ann.delete(`${MEMBERS}/ann`),
    ];
    expect(refused.map(outcome)).toEqual(refused.map(() => [409, "identity.lastOwner"]));
    await it.member("bob", ["owner"]);
    expect((await ann.post("/organizations/default/leave")).status).toBe(204);
    expect(outcome(await it.person("bob").post("/organizations/default/leave"))).toEqual([
      409,
      "identity.lastOwner",
    ]);
  });

  it("cannot lose their last owner to two who leave at the same moment", async () => {
    await using database = await open();
    await using it = await bench({ database });
    await it.member("ann", ["owner"]);
    await it.member("bob", ["owner"]);
    const left = await Promise.all(
      ["ann", "bob"].map((who) => it.person(who).post("/organizations/default/leave")),
    );
    expect(left.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([
      204, 409,
    ]);
  });

  it("do not count a banned owner as one", async () => {
    await using database = await open();
    await using it = await bench({ database });
    await it.member("ann", ["owner"]);
    await it.member("bob", ["owner"]);
    const ann = it.person("ann");
    expect((await ann.post(`${MEMBERS}/bob/ban`, { reason: "gone" })).status).toBe(200);
    expect(code(await ann.post("/organizations/default/leave"))).toBe("identity.lastOwner");
  });

  it("who are banned may do nothing at once, and come in by no invitation until they are let back in", async () => {
    await using database = await open();
    await using it = await bench({ database });
    await it.member("mod", ["moderator"]);
    await it.member("eve");
    const [mod, eve] = [it.person("mod"), it.person("eve")];
    expect((await eve.get(MEMBERS)).status).toBe(200);
    const banned = await mod.post(`${MEMBERS}/eve/ban`, { reason: "Spam" });
    expect(banned.json()).toMatchObject({ id: "eve", banned: { by: "mod", reason: "Spam" } });
    expect(outcome(await eve.get(MEMBERS))).toEqual([403, "access.forbidden"]);
    expect(await it.face.membershipsOf("eve")).toEqual([]);
    const { token } = body<{ token: string }>(await mod.post("/invitations", {}));
    expect(outcome(await eve.post("/invitations/accept", { token }))).toEqual([
      403,
      "identity.banned",
    ]);
    expect((await mod.post(`${MEMBERS}/eve/unban`)).json()).toMatchObject({ banned: null });
    expect((await eve.get(MEMBERS)).status).toBe(200);
    const told = (await it.app.events()).map(({ type }) => type);
    expect(told.filter((type) => type.startsWith("member."))).toEqual([
      "member.added",
      "member.added",
      "member.banned",
      "member.unbanned",
    ]);
  });

  it("are changed by nobody who holds less than they do, and given nothing that their giver lacks", async () => {
    await using database = await open();
    await using it = await bench({ database });
    await it.member("ann", ["owner"]);
    await it.member("adam", ["admin"]);
    await it.member("mod", ["moderator", "keeper"]);
    await it.member("eve");
    const adam = it.person("adam");
    expect((await adam.post("/roles", { name: "keeper", permissions: ["members:*"] })).status).toBe(
      201,
    );
    const mod = it.person("mod");
    const tries = [
      await mod.patch(`${MEMBERS}/eve`, { roles: ["admin"] }),
      await mod.patch(`${MEMBERS}/mod`, { roles: ["admin"] }),
      await mod.delete(`${MEMBERS}/adam`),
      await mod.post(`${MEMBERS}/adam/ban`, {}),
      await mod.post("/invitations", { roles: ["admin"] }),
    ];
    expect(tries.map(outcome)).toEqual(tries.map(() => [403, "identity.exceedsGiver"]));
    const asOwner = [
      await adam.patch(`${MEMBERS}/adam`, { roles: ["owner"] }),
      await adam.delete(`${MEMBERS}/ann`),
      await adam.post(`${MEMBERS}/ann/ban`, {}),
      await adam.post("/invitations", { roles: ["owner"] }),
    ];
    expect(asOwner.map(outcome)).toEqual(asOwner.map(() => [403, "identity.ownerNeeded"]));
    expect((await it.person("ann").patch(`${MEMBERS}/adam`, { roles: ["owner"] })).status).toBe(
      200,
    );
  });

  it("keep their denials when they leave and come in again", async () => {
    await using database = await open();
    await using it = await bench({ database });
    await it.member("ann", ["owner"]);
    await it.member("eve");
    const [ann, eve] = [it.person("ann"), it.person("eve")];
    const denial = {
      subjectKind: "user",
      subject: "eve",
      resource: "*",
      permission: "members:read",
      effect: "deny",
    };
    expect((await ann.post("/grants", denial)).status).toBe(201);
    expect((await eve.get(MEMBERS)).status).toBe(403);
    expect((await eve.post("/organizations/default/leave")).status).toBe(204);
    await it.member("eve");
    expect((await eve.get(MEMBERS)).status).toBe(403);
  });

  it("are added without being asked only by who shares an organization with them", async () => {
    await using database = await open();
    await using it = await bench({ database });
    const person = await it.change((tx) =>
      it.people.create({ username: "zoe", displayName: "Zoe", email: null }, tx),
    );
    await it.member("ann", ["owner"], "org_a");
    const add = (): Promise<Reply> =>
      it
        .person("ann", "org_a")
        .post("/organizations/org_a/members", { userId: person.id, roles: ["member"] });
    expect(outcome(await add())).toEqual([404, "identity.strangerAdded"]);
    await it.member(person.id, ["member"], "org_b");
    expect((await add()).status).toBe(404);
    await it.member("ann", ["member"], "org_b");
    expect((await add()).json()).toMatchObject({
      id: person.id,
      person: { username: "zoe", displayName: "Zoe" },
      roles: ["member"],
    });
    const hosts = { userId: "host-42" };
    const reply = await it.person("ann", "org_a").post("/organizations/org_a/members", hosts);
    expect(reply.json()).toMatchObject({ id: "host-42", person: null, roles: ["member"] });
  });

  it("of another organization are not there", async () => {
    await using database = await open();
    await using it = await bench({ database });
    await it.member("ann", ["owner"], "org_a");
    await it.member("eve", ["owner"], "org_b");
    const eve = it.person("eve", "org_b");
    const replies = [
      await eve.get("/organizations/org_a/members"),
      await eve.get("/organizations/org_a/members/ann"),
      await eve.get("/organizations/org_b/members/ann"),
      await eve.post("/organizations/org_b/members/ann/ban", {}),
      await eve.delete("/organizations/org_a/members/ann"),
      await eve.get("/organizations/org_a"),
    ];
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 404));
    expect(await it.app.events("org_a")).toHaveLength(1);
  });
});

describe("a role of a member", () => {
  it("may be called user, and unknown ones are told", async () => {
    await using it = await bench();
    await it.member("ann", ["owner"]);
    const ann = it.person("ann");
    const made = await ann.post(MEMBERS, { userId: "u1", roles: ["user"] });
    expect(made.json()).toMatchObject({ roles: ["member"] });
    const listed = body<{ data: { id: string; label: string }[] }>(await ann.get("/roles"));
    expect(listed.data.find(({ id }) => id === "member")?.label).toBe("user");
    expect(outcome(await ann.patch(`${MEMBERS}/u1`, { roles: ["constructor"] }))).toEqual([
      422,
      "identity.roleUnknown",
    ]);
    expect((await ann.patch(`${MEMBERS}/u1`, { roles: ["__proto__"] })).status).toBe(422);
  });
});
