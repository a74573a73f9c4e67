import { describeStore } from "portico/testing";
import { expect, it } from "vitest";
import { bench, outcome } from "./organization-app.fixture.ts";
import type { Bench, Reply } from "./organization-app.fixture.ts";

async function made(it: Bench): Promise<string> {
  await it.member("ann");
  const reply = await it.person("ann").post("/organizations", { name: "Acme" });
  expect(reply.status).toBe(201);
  return (reply.json() as { id: string }).id;
}

describeStore("an organization", (open) => {
  it("is its maker's, who acts in it as its owner, and nobody else's", async () => {
    await using database = await open();
    await using it = await bench({ database });
    const id = await made(it);
    const ann = it.person("ann", id);
    expect((await ann.get(`/organizations/${id}/members`)).json()).toMatchObject({
      data: [{ id: "ann", roles: ["owner"] }],
    });
    expect((await it.app.events(id)).map(({ type }) => type)).toEqual([
      "organization.created",
      "member.added",
    ]);
    await it.member("bob");
    const bob = it.person("bob");
    const own = (await bob.get("/organizations")).json() as { data: { id: string }[] };
    expect(own.data.map((each) => each.id)).toEqual(["default"]);
    const tries = [
      await bob.get(`/organizations/${id}`),
      await bob.get(`/organizations/${id}/members`),
    ];
    expect(tries.map(({ status }) => status)).toEqual([404, 404]);
    const hers = (await it.person("ann").get("/organizations")).json() as {
      data: { id: string }[];
    };
    expect(hers.data.map((each) => each.id)).toEqual(["default", id]);
  });

  it("is made by a person only, once for one Idempotency-Key", async () => {
    await using database = await open();
    await using it = await bench({ database });
    await it.member("ann");
    const key = { "idempotency-key": "one" };
    const replies = await Promise.all(
      [1, 2, 3].map(() => it.person("ann").post("/organizations", { name: "Acme" }, key)),
    );
    expect(new Set(replies.map(({ text }) => text)).size).toBe(1);
    const program = it.app.as({ kind: "key", subject: "key_1", permissions: ["*"] });
    expect(outcome(await program.post("/organizations", { name: "Acme" }))).toEqual([
      403,
      "identity.personNeeded",
    ]);
  });

  it("is renamed from default only by who may there and here, and by nobody from a third", async () => {
    await using database = await open();
    await using it = await bench({ database });
    const id = await made(it);
    const rename = (where: string): Promise<Reply> =>
      it.person("ann", where).patch(`/organizations/${id}`, { name: "New" });
    // A member of default may not rename: the credential is one of default.
    expect(outcome(await rename("default"))).toEqual([403, "access.forbidden"]);
    expect((await rename(id)).json()).toMatchObject({ id, name: "New" });
    await it.member("ann", ["owner"], "org_c");
    expect(outcome(await rename("org_c"))).toEqual([404, "identity.organizationNotFound"]);
    await it.member("ann", ["admin"]);
    expect((await rename("default")).status).toBe(200);
    await it.member("eve", ["admin"]);
    await it.member("eve", ["member"], id);
    const eve = await it.person("eve").patch(`/organizations/${id}`, { name: "Eve's" });
    expect(outcome(eve)).toEqual([403, "access.forbidden"]);
  });

  it("is deleted by an owner only, and everything of it is refused from the answer on", async () => {
    await using database = await open();
    await using it = await bench({ database });
    const id = await made(it);
    const ann = it.person("ann", id);
    await it.member("adam", ["admin"], id);
    const account = await ann.post("/service-accounts", { name: "S", roles: ["member"] });
    const { secret } = account.json() as { secret: string };
    const { token } = (await ann.post("/invitations", {})).json() as { token: string };
    const key = (): Promise<Reply> =>
      it.app
        .as({ kind: "key", subject: "key_1", organization: id, permissions: ["*"] })
        .get("/roles");
    const service = (): Promise<Reply> =>
      it.app.inject({
        method: "GET",
        url: "/api/v1/roles",
        headers: { authorization: `Bearer ${secret}` },
      });
    expect([(await key()).status, (await service()).status]).toEqual([200, 200]);
    expect(outcome(await it.person("adam", id).delete(`/organizations/${id}`))).toEqual([
      403,
      "identity.ownerNeeded",
    ]);
    expect((await ann.delete(`/organizations/${id}`)).status).toBe(204);
    const refused = [
      await key(),
      await ann.get("/roles"),
      await ann.post("/organizations/x/leave"),
    ];
    expect(refused.map(outcome)).toEqual(refused.map(() => [403, "identity.organizationClosed"]));
    expect((await service()).status).toBe(401);
    expect(await it.face.holdingOf("ann", id)).toBeUndefined();
    const late = await it.person("bob").post("/invitations/accept", { token });
    expect(outcome(late)).toEqual([422, "identity.badInvitation"]);
    expect((await it.app.events(id)).at(-1)).toMatchObject({ type: "organization.deleted" });
  });

  it("that is the installation's own cannot be deleted", async () => {
    await using database = await open();
    await using it = await bench({ database });
    await it.member("ann", ["owner"]);
    expect(outcome(await it.person("ann").delete("/organizations/default"))).toEqual([
      409,
      "identity.organizationPinned",
    ]);
  });
});
