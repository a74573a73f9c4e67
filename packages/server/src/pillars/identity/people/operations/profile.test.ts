import { describeStore } from "portico/testing";
import { expect, it } from "vitest";
import { bench, code, PASSWORD } from "../people-app.fixture.ts";

describeStore("one's own account", (_open, kind) => {
  it("GET, PUT /users/profile: reads and changes what is one's own, and tells what changed", async () => {
    await using it = await bench(kind);
    const ada = await it.person("ada", { email: "ada@example.com", displayName: "Ada" });
    const as = ada.id;
    const own = await it.send("GET", "/users/profile", { as });
    expect([own.status, own.json()]).toMatchObject([200, { id: as, username: "ada" }]);
    const body = { displayName: "Ada King", username: "Ada.King" };
    const changed = await it.send("PUT", "/users/profile", { as, body });
    expect(changed.json()).toMatchObject({ displayName: "Ada King", username: "Ada.King" });
    expect((await it.people.find(as))?.username).toBe("Ada.King");
    const same = await it.send("PUT", "/users/profile", { as, body });
    expect(same.status).toBe(200);
    await it.settled();
    expect((await it.app.events()).slice(1)).toMatchObject([
      { type: "user.updated", data: { id: as, changed: ["username", "displayName"] } },
    ]);
  });

  it("PUT /users/profile: another address needs the password, and is unconfirmed; the old one is free", async () => {
    await using it = await bench(kind);
    const ada = await it.person("ada", { email: "ada@example.com" });
    const as = ada.id;
    await it.settled();
    await it.send("POST", "/auth/email/verify", { body: { token: it.mailed() } });
    const before = it.mailed();
    const email = "ada@example.org";
    const without = await it.send("PUT", "/users/profile", { as, body: { email } });
    expect([without.status, code(without)]).toEqual([401, "identity.badCredentials"]);
    const body = { email, currentPassword: PASSWORD };
    const changed = await it.send("PUT", "/users/profile", { as, body });
    expect(changed.json()).toMatchObject({ email, emailVerified: false });
    await it.settled();
    expect(it.mailed()).not.toBe(before);
    expect(
      (await it.send("POST", "/auth/email/verify", { body: { token: it.mailed() } })).status,
    ).toBe(204);
    expect(await it.people.findByEmail("ada@example.com")).toBeUndefined();
    expect((await it.people.findByEmail(email))?.isEmailVerified).toBe(true);
  });

  it("POST /auth/email/verify: a link confirms only the address it was sent to, once, and for one account", async () => {
    await using it = await bench(kind);
    const email = "ada@example.com";
    const ada = await it.person("ada", { email });
    await it.settled();
    const first = it.mailed();
    const eve = await it.person("eve", { email });
    await it.settled();
    const second = it.mailed();
    const verify = async (token: string): Promise<unknown> => {
      const reply = await it.send("POST", "/auth/email/verify", { body: { token } });
      return reply.status === 204 ? 204 : code(reply);
    };
    // Nobody has shown it yet, and two claim it.
    expect(await it.people.findByEmail(email)).toBeUndefined();
    const all = await Promise.all(Array.from({ length: 5 }, () => verify(first)));
    expect(all.filter((each) => each === 204)).toHaveLength(1);
    expect(await verify(second)).toBe("identity.emailTaken");
    expect((await it.people.findByEmail(email))?.id).toBe(ada.id);
    expect((await it.people.find(eve.id))?.isEmailVerified).toBe(false);
    await it.send("POST", "/auth/email/request", { as: eve.id });
    await it.settled();
    expect(it.mails.at(-1)).toMatchObject({ template: "emailTaken", to: email });
    const bob = await it.person("bob", { email: "bob@example.com" });
    await it.settled();
    const stale = it.mailed();
    const body = { email: "bob@example.org", currentPassword: PASSWORD };
    await it.send("PUT", "/users/profile", { as: bob.id, body });
    expect(await verify(stale)).toBe("identity.badToken");
  });

  it("409, 422: refuses a name that another has, looks like, or nobody may have", async () => {
    await using it = await bench(kind);
    const ada = await it.person("ada");
    await it.person("grace");
    for (const [status, username] of [
      [409, "Grace"],
      [409, "grасe"],
      [409, "root"],
      [422, "gr ace"],
    ] as const) {
      const reply = await it.send("PUT", "/users/profile", { as: ada.id, body: { username } });
      expect([username, reply.status]).toEqual([username, status]);
    }
    const own = await it.send("PUT", "/users/profile", { as: ada.id, body: { username: "ADA" } });
    expect(own.status).toBe(200);
  });

  it("GET, PUT /users/settings: keeps any JSON object of 8 KiB, as it was", async () => {
    await using it = await bench(kind);
    const ada = await it.person("ada");
    const as = ada.id;
    expect((await it.send("GET", "/users/settings", { as })).json()).toEqual({});
    const body = { theme: "dark", list: [1, null, { ß: "🔑" }], "": true };
    expect((await it.send("PUT", "/users/settings", { as, body })).json()).toEqual(body);
    expect((await it.send("GET", "/users/settings", { as })).json()).toEqual(body);
    const large = await it.send("PUT", "/users/settings", { as, body: { a: "x".repeat(8_192) } });
    expect([large.status, code(large)]).toEqual([422, "identity.settingsTooLarge"]);
    for (const wrong of [[], "a", 1]) {
      const reply = await it.send("PUT", "/users/settings", { as, body: JSON.stringify(wrong) });
      expect(reply.status).toBeGreaterThanOrEqual(400);
    }
    expect((await it.send("GET", "/users/settings", { as })).json()).toEqual(body);
    const ghost = await it.send("PUT", "/users/settings", { as: "user_nobody", body });
    expect([ghost.status, code(ghost)]).toEqual([404, "identity.personNotFound"]);
  });

  it("403: none of it is a key's, whatever user the key names", async () => {
    await using it = await bench(kind);
    const ada = await it.person("ada");
    const key = it.app.as({ kind: "key", subject: "key_1", userId: ada.id });
    for (const path of ["/users/profile", "/users/settings"]) {
      expect(code(await key.get(path))).toBe("identity.notPerson");
    }
    expect(code(await key.post("/auth/email/request"))).toBe("identity.notPerson");
  });
});

describeStore("GET /users/{id}", (_open, kind) => {
  it("200 to who shares an organization, with the public part only; 404 to everybody else", async () => {
    await using it = await bench(kind);
    const ada = await it.person("ada", { email: "ada@example.com", invitation: "acme" });
    const bob = await it.person("bob");
    const path = `/users/${ada.id}`;
    const seen = await it.send("GET", path, { as: "user_other", organization: "acme" });
    expect([seen.status, Object.keys(seen.json() as object)]).toEqual([
      200,
      ["id", "username", "displayName", "createdAt"],
    ]);
    const stranger = await it.send("GET", path, { as: bob.id });
    const nobody = await it.send("GET", "/users/user_nobody", { as: bob.id });
    expect([stranger.status, nobody.status]).toEqual([404, 404]);
    expect([code(stranger), code(nobody)]).toEqual(Array(2).fill("identity.personNotFound"));
  });
});
