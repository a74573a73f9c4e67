import { createTestApp, describeStore } from "portico/testing";
import type { TestApp } from "portico/testing";
import { expect, it } from "vitest";
import { admin } from "./index.ts";
import { openApp, operator, shop } from "./admin-app.fixture.ts";

interface Reply {
  readonly status: number;
  json(): unknown;
}

async function setting(app: TestApp, path: string): Promise<unknown> {
  const reply = (await app.as(operator).get("/admin/config")).json();
  const { settings } = reply as { settings: readonly { path: string }[] };
  return settings.find((each) => each.path === path);
}

function problem(reply: Reply): unknown {
  const { status } = reply;
  const { code, errors } = reply.json() as {
    code: string;
    errors?: readonly { pointer: string }[];
  };
  return { status, code, pointers: errors?.map(({ pointer }) => pointer) };
}

describeStore("the configuration", (open) => {
  it("200 is changed at once where a plugin says so, and waits for the restart elsewhere", async () => {
    await using database = await open();
    await using app = await openApp(database);
    const changed = await app.as(operator).patch("/admin/config", {
      shop: { cartsMax: 20, colour: "blue" },
    });
    expect(changed.json()).toEqual({
      revision: 1,
      changes: [
        { path: "shop.cartsMax", before: null, after: 20, takesEffect: "now" },
        { path: "shop.colour", before: null, after: "blue", takesEffect: "restart" },
      ],
      restartNeeded: true,
    });
    expect(app.context("shop").settings).toMatchObject({ cartsMax: 20, colour: "red" });
    expect(await setting(app, "shop.cartsMax")).toMatchObject({
      pointer: "/shop/cartsMax",
      value: 20,
      default: 10,
      source: "stored",
      reload: true,
      pending: false,
      writable: true,
    });
    expect(await setting(app, "shop.colour")).toMatchObject({ value: "red", pending: true });
    expect(await setting(app, "server.port")).toMatchObject({ plugin: null, writable: false });
  });

  it("403 is nobody's but the operators', whatever a tenant may do in its organization", async () => {
    await using database = await open();
    await using app = await openApp(database);
    const tenant = app.as({ organization: "acme", permissions: ["*"], instancePermissions: [] });
    const reader = app.as({ permissions: [], instancePermissions: ["config:read"] });
    const patch = { shop: { cartsMax: 20 } };
    expect((await tenant.get("/admin/config")).status).toBe(403);
    expect((await tenant.patch("/admin/config", patch)).status).toBe(403);
    expect((await tenant.post("/admin/config/undo")).status).toBe(403);
    expect((await reader.get("/admin/config")).status).toBe(200);
    expect((await reader.patch("/admin/config", patch)).status).toBe(403);
    for (const path of ["/admin/health", "/admin/metrics"]) {
      expect((await tenant.get(path)).status).toBe(403);
    }
    expect((await app.inject({ url: "/api/v1/admin/config" })).status).toBe(401);
    expect(await setting(app, "shop.cartsMax")).toMatchObject({ value: 10, source: "default" });
  });

  it("409 is not changed over a value that a file or a variable gives, nor is anything beside it", async () => {
    await using database = await open();
    await using app = await openApp(database, {
      settings: { shop: { cartsMax: 50 } },
      pinned: { "shop.cartsMax": { kind: "file", from: "portico.config.ts" } },
    });
    const refused = await app.as(operator).patch("/admin/config", {
      shop: { cartsMax: 20, colour: "blue" },
    });
    expect(problem(refused)).toEqual({
      status: 409,
      code: "settings.pinned",
      pointers: ["/shop/cartsMax"],
    });
    expect(refused.text).toContain("portico.config.ts");
    expect(await setting(app, "shop.cartsMax")).toMatchObject({ value: 50, source: "file" });
    expect(await setting(app, "shop.colour")).toMatchObject({ source: "default" });
  });

  it("422 names every mistake by its pointer, and loses nothing of what was stored", async () => {
    await using database = await open();
    await using app = await openApp(database);
    await app.as(operator).patch("/admin/config", { shop: { cartsMax: 20 } });
    const refused = await app.as(operator).patch("/admin/config", {
      shop: { cartsMax: "20", colour: 7, size: 1 },
      log: { level: "debug" },
      __proto__x: {},
    });
    expect(problem(refused)).toEqual({
      status: 422,
      code: "settings.invalid",
      pointers: ["/shop/size", "/log", "/__proto__x", "/shop/cartsMax", "/shop/colour"],
    });
    for (const body of [
      { shop: { cartsMax: 0 } },
      { shop: { cartsMax: 1.5 } },
      { shop: 1 },
      { shop: [] },
    ]) {
      expect((await app.as(operator).patch("/admin/config", body)).status).toBe(422);
    }
    expect(await setting(app, "shop.cartsMax")).toMatchObject({ value: 20 });
    expect(app.context("shop").settings).toMatchObject({ cartsMax: 20 });
  });

  it("shows a secret nowhere: not when it is read, not in a diff, not in the audit, not in a refusal", async () => {
    await using database = await open();
    await using app = await openApp(database);
    const seen = [
      await app.as(operator).patch("/admin/config", { shop: { password: "canary-one" } }),
      await app
        .as(operator)
        .patch("/admin/config", { shop: { password: "canary-two", cartsMax: 3 } }),
      await app.as(operator).patch("/admin/config", { shop: { password: { canary: 1 } } }),
      await app.as(operator).get("/admin/config"),
      await app.as(operator).post("/admin/config/undo"),
      await app.as(operator).get("/admin/config"),
    ].map(({ text }) => text);
    const audit = await app.spine.auditor.list({ organization: "default", limit: 100 });
    const { rows } = await database.driver.query({
      sql: "select * from settings_stored",
      parameters: [],
    });
    expect(JSON.stringify([seen, audit, rows])).not.toContain("canary");
    expect(app.context("shop").settings).toMatchObject({ password: "canary-one" });
    expect(await setting(app, "shop.password")).toMatchObject({ isSet: true, secret: true });
    expect(audit[0]?.diff).toContain("[secret]");
  });

  it("is audited with what was before and after, once for each change and never for none", async () => {
    await using database = await open();
    await using app = await openApp(database);
    const ada = app.as({ ...operator, subject: "user_ada" });
    await ada.patch("/admin/config", { shop: { cartsMax: 20 } });
    await ada.patch("/admin/config", { shop: { cartsMax: 20 } });
    await ada.patch("/admin/config", { shop: { cartsMax: "no" } });
    await ada.post("/admin/config/undo");
    const audit = await app.spine.auditor.list({ organization: "default", limit: 100 });
    expect(audit.map(({ actor, action, diff }) => [actor, action, diff])).toEqual([
      [
        "user_ada",
        "admin.undoConfig",
        '{"after":{"shop.cartsMax":null},"before":{"shop.cartsMax":20}}',
      ],
      [
        "user_ada",
        "admin.updateConfig",
        '{"after":{"shop.cartsMax":20},"before":{"shop.cartsMax":null}}',
      ],
    ]);
  });

  it("409 is taken back once and not twice", async () => {
    await using database = await open();
    await using app = await openApp(database);
    expect(problem(await app.as(operator).post("/admin/config/undo"))).toMatchObject({
      status: 409,
      code: "settings.nothingToUndo",
    });
    await app.as(operator).patch("/admin/config", { shop: { cartsMax: 20 } });
    await app.as(operator).patch("/admin/config", { shop: { cartsMax: 30 } });
    expect((await app.as(operator).post("/admin/config/undo")).status).toBe(200);
    expect(app.context("shop").settings).toMatchObject({ cartsMax: 20 });
    expect((await app.as(operator).post("/admin/config/undo")).status).toBe(409);
    expect(app.context("shop").settings).toMatchObject({ cartsMax: 20 });
  });

  it("412 is changed on the revision that was read, or not at all", async () => {
    await using database = await open();
    await using app = await openApp(database);
    const patch = (cartsMax: number, revision: string) =>
      app.as(operator).patch("/admin/config", { shop: { cartsMax } }, { "if-match": revision });
    expect((await patch(20, '"0"')).status).toBe(200);
    expect((await patch(30, '"0"')).status).toBe(412);
    expect(await setting(app, "shop.cartsMax")).toMatchObject({ value: 20 });
    expect((await patch(30, '"1"')).status).toBe(200);
  });
});

describeStore("two processes", (open) => {
  it("act by a change within a second, whichever of them was asked", async () => {
    await using database = await open();
    await using one = await openApp(database);
    // SQLite has one process; another set of rooms over the same database stands for it.
    const driver =
      database.driver.dialect === "sqlite" ? database.driver : await database.openAnother();
    const other = await createTestApp({ plugins: [shop, admin], driver, keyringOf: one });
    await one.as(operator).patch("/admin/config", { shop: { cartsMax: 77 } });
    expect(one.context("shop").settings).toMatchObject({ cartsMax: 77 });
    await expect
      .poll(() => other.context("shop").settings, { timeout: 1_000 })
      .toMatchObject({ cartsMax: 77 });
    if (driver !== database.driver) await other.stop();
  });
});
