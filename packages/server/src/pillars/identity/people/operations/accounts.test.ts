import { describeStore } from "portico/testing";
import { expect, it } from "vitest";
import { Identity } from "../../capability.ts";
import { bench, code, PASSWORD } from "../people-app.fixture.ts";

const operator = { instancePermissions: ["*"] };

interface Page {
  readonly data: readonly { readonly username: string }[];
  readonly next: string | null;
}

describeStore("accounts of the installation", (_open, kind) => {
  it("GET /admin/users: finds by any part of name and address, page by page, and takes no pattern", async () => {
    await using it = await bench(kind);
    for (const name of ["ada", "grace", "a_da", "alan", "barbara"]) {
      await it.person(name, { email: `${name}@example.com`, displayName: `The 100% ${name}` });
    }
    const names = async (query: string): Promise<readonly string[]> => {
      const reply = await it.send("GET", `/admin/users${query}`, operator);
      expect(reply.status).toBe(200);
      return (reply.json() as Page).data.map(({ username }) => username);
    };
    expect(await names("?search=ADA")).toEqual(["ada"]);
    expect(await names("?search=a_d")).toEqual(["a_da"]);
    expect(await names("?search=100%25")).toHaveLength(5);
    expect(await names("?search=%25")).toHaveLength(5);
    expect(await names("?search=%25%25%25")).toEqual([]);
    expect(await names("?search=%5C")).toEqual([]);
    expect(await names(`?search=${encodeURIComponent("' or 1=1 --")}`)).toEqual([]);
    const first = (await it.send("GET", "/admin/users?limit=3", operator)).json() as Page;
    expect(first.data.map(({ username }) => username)).toEqual(["barbara", "alan", "a_da"]);
    expect(await names(`?limit=3&cursor=${encodeURIComponent(first.next ?? "")}`)).toEqual([
      "grace",
      "ada",
    ]);
  });

  it("PUT /admin/users/{id}: a suspended person signs in no more until they are reinstated", async () => {
    await using it = await bench(kind);
    const ada = await it.person("ada");
    const path = `/admin/users/${ada.id}`;
    const login = { username: "ada", password: PASSWORD, address: "192.0.2.1" };
    const body = { state: "suspended", suspendedReason: "Spam" };
    const reply = await it.send("PUT", path, { ...operator, body });
    expect(reply.json()).toMatchObject({ state: "suspended", suspendedReason: "Spam" });
    expect(it.neighbours.ended).toContainEqual({ userId: ada.id });
    expect((await it.people.find(ada.id))?.state).toBe("suspended");
    await expect(it.people.checkPassword(login)).rejects.toMatchObject({
      code: "identity.badCredentials",
    });
    const back = await it.send("PUT", path, { ...operator, body: { state: "active" } });
    expect(back.json()).toMatchObject({ state: "active", suspendedReason: null });
    expect((await it.people.checkPassword(login)).id).toBe(ada.id);
    await it.settled();
    expect((await it.app.events()).map(({ type }) => type)).toEqual([
      "user.created",
      "user.suspended",
      "user.reinstated",
    ]);
  });

  it("DELETE /admin/users/{id}: ends sessions and memberships, erases what is private, and keeps the name", async () => {
    await using it = await bench(kind);
    const ada = await it.person("ada", { email: "ada@example.com", displayName: "Ada" });
    const path = `/admin/users/${ada.id}`;
    expect((await it.send("DELETE", path, operator)).status).toBe(204);
    expect(it.neighbours.ended).toContainEqual({ userId: ada.id });
    expect(it.neighbours.removed).toContain(ada.id);
    const left = await it.send("GET", path, operator);
    expect(left.json()).toMatchObject({
      username: "ada",
      displayName: "",
      email: null,
      state: "deleted",
      hasPassword: false,
    });
    expect((await it.send("DELETE", path, operator)).status).toBe(404);
    expect((await it.send("PUT", path, { ...operator, body: { state: "active" } })).status).toBe(
      404,
    );
    expect(code(await it.register())).toBe("identity.usernameTaken");
    expect((await it.register({ username: "new", email: "ada@example.com" })).status).toBe(201);
    await it.settled();
    expect((await it.app.events()).map(({ type }) => type)).toEqual([
      "user.created",
      "user.deleted",
      "user.created",
    ]);
  });

  it("POST /admin/users/{id}/logout: ends the sessions and says how many", async () => {
    await using it = await bench(kind);
    const ada = await it.person("ada");
    const reply = await it.send("POST", `/admin/users/${ada.id}/logout`, operator);
    expect([reply.status, reply.json()]).toEqual([200, { ended: 1 }]);
  });

  it("403: an operator gives and touches nothing beyond their own permissions", async () => {
    await using it = await bench(kind);
    const ada = await it.person("ada");
    const root = await it.person("boss");
    const path = `/admin/users/${ada.id}`;
    const body = { instancePermissions: ["*"] };
    expect((await it.send("PUT", `/admin/users/${root.id}`, { ...operator, body })).status).toBe(
      200,
    );
    const clerk = { instancePermissions: ["users:*"] };
    for (const wanted of [["*"], ["gateway:write"]]) {
      const reply = await it.send("PUT", path, { ...clerk, body: { instancePermissions: wanted } });
      expect([reply.status, code(reply)]).toEqual([403, "identity.exceedsOperator"]);
    }
    const allowed = { instancePermissions: ["users:read"] };
    expect((await it.send("PUT", path, { ...clerk, body: allowed })).status).toBe(200);
    const boss = `/admin/users/${root.id}`;
    for (const reply of [
      await it.send("PUT", boss, { ...clerk, body: { state: "suspended" } }),
      await it.send("DELETE", boss, clerk),
      await it.send("POST", `${boss}/logout`, clerk),
    ]) {
      expect([reply.status, code(reply)]).toEqual([403, "identity.exceedsOperator"]);
    }
    // All permissions over an organization are none over the installation.
    const tenant = it.app.as({ permissions: ["*"], subject: ada.id });
    expect((await tenant.get("/admin/users")).status).toBe(403);
    const reader = { instancePermissions: ["users:read"] };
    expect((await it.send("DELETE", path, reader)).status).toBe(403);
  });

  it("409: the last administrator stays, also when two are removed at the same time", async () => {
    await using it = await bench(kind);
    const one = await it.person("one");
    const two = await it.person("two");
    for (const { id } of [one, two]) {
      const body = { instancePermissions: ["*"] };
      await it.send("PUT", `/admin/users/${id}`, { ...operator, body });
    }
    const all = await Promise.all([
      it.send("DELETE", `/admin/users/${one.id}`, operator),
      it.send("PUT", `/admin/users/${two.id}`, { ...operator, body: { state: "suspended" } }),
    ]);
    expect(all.filter(({ status }) => status < 300)).toHaveLength(1);
    const refused = all.find(({ status }) => status >= 300);
    expect(refused === undefined ? "" : code(refused)).toBe("identity.lastAdministrator");
    const left = [await it.people.find(one.id), await it.people.find(two.id)];
    expect(left.filter((each) => each?.state === "active")).toHaveLength(1);
  });
});

describeStore("a change of an account", (_open, kind) => {
  it("is in force in the process that made it at once, and in the others within a second", async () => {
    await using it = await bench(kind);
    const ada = await it.person("ada");
    const second = kind === "postgres" ? await it.second() : undefined;
    const elsewhere = second?.context("identity").get(Identity).people;
    expect((await elsewhere?.find(ada.id))?.state ?? "active").toBe("active");
    await it.people.find(ada.id);
    const path = `/admin/users/${ada.id}`;
    await it.send("PUT", path, { ...operator, body: { state: "suspended" } });
    expect((await it.people.find(ada.id))?.state).toBe("suspended");
    for (let waitedMs = 0; waitedMs < 1_000; waitedMs += 100) await it.clock.advance(100);
    expect((await elsewhere?.find(ada.id))?.state ?? "suspended").toBe("suspended");
  });
});
