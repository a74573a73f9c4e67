import { Type } from "typebox";
import { expect, it } from "vitest";
import { definePlugin, Settings } from "../contract/index.ts";
import { secret } from "../config/index.ts";
import { createTestApp, describeStore, openTestDatabase } from "../testing/index.ts";
import type { OpenTestDatabase, TestApp, TestAppOptions } from "../testing/index.ts";

const shop = definePlugin({
  id: "shop",
  version: "1.0.0",
  engine: "^1",
  settings: Type.Object({
    cartsMax: Type.Integer({ minimum: 1, maximum: 100, default: 10, reload: true }),
    colour: Type.String({ default: "red" }),
    mail: Type.Object(
      { password: Type.Optional(secret("whole", { reload: true })) },
      { default: {} },
    ),
    peers: Type.Array(Type.Object({ name: Type.String(), key: secret() }), { default: [] }),
    from: Type.Optional(Type.Integer({ reload: true })),
    allow: Type.Array(Type.String(), { default: [], stored: false }),
  }),
});

interface Opened extends AsyncDisposable {
  readonly app: TestApp;
  /** A second start on the same database, as after a restart. */
  next(options?: Partial<TestAppOptions>): Promise<TestApp>;
}

async function open(
  database: OpenTestDatabase,
  options: Partial<TestAppOptions> = {},
): Promise<Opened> {
  const opened = await database();
  const { driver } = opened;
  const app = await createTestApp({ plugins: [shop], driver, ...options });
  const apps = [app];
  return {
    app,
    next: async (given = {}) => {
      const one = await createTestApp({ plugins: [shop], driver, keyringOf: app, ...given });
      apps.push(one);
      return one;
    },
    [Symbol.asyncDispose]: async () => {
      for (const one of apps.toReversed()) await one.stop();
      await opened[Symbol.asyncDispose]();
    },
  };
}

function face(app: TestApp) {
  return app.context("shop").get(Settings);
}

function settings(app: TestApp): Record<string, unknown> {
  return app.context("shop").settings as Record<string, unknown>;
}

function change(app: TestApp, patch: object) {
  const ctx = app.context("shop");
  const options = { scope: { organization: "default" }, origin: ctx.newOrigin("tester") };
  return ctx.store.transaction(options, (tx) =>
    face(app).change(tx, patch as Record<string, unknown>),
  );
}

function undo(app: TestApp) {
  const ctx = app.context("shop");
  const options = { scope: { organization: "default" }, origin: ctx.newOrigin("tester") };
  return ctx.store.transaction(options, (tx) => face(app).undo(tx));
}

async function view(app: TestApp, path: string) {
  return (await face(app).list()).settings.find((each) => each.path === path);
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

describeStore("stored settings", (database) => {
  it("are in force at once where the schema says so, and at the next start elsewhere", async () => {
    await using opened = await open(database);
    const { app } = opened;
    const before = settings(app);
    const changed = await change(app, { shop: { cartsMax: 20, colour: "blue" } });
    expect(changed.changes).toEqual([
      { path: "shop.cartsMax", before: null, after: 20, takesEffect: "now" },
      { path: "shop.colour", before: null, after: "blue", takesEffect: "restart" },
    ]);
    await face(app).refresh();
    expect(settings(app)).toMatchObject({ cartsMax: 20, colour: "red" });
    expect(before).toMatchObject({ cartsMax: 10 });
    expect(await view(app, "shop.colour")).toMatchObject({
      value: "red",
      source: "stored",
      pending: true,
    });
    const next = await opened.next();
    expect(settings(next)).toMatchObject({ cartsMax: 20, colour: "blue" });
    expect(await view(next, "shop.colour")).toMatchObject({ value: "blue", pending: false });
  });

  it("are never stored over what a file or a variable gives", async () => {
    const pinned = {
      "shop.cartsMax": { kind: "environment", from: "PORTICO_SHOP_CARTS_MAX" },
    } as const;
    await using opened = await open(database, { pinned, settings: { shop: { cartsMax: 50 } } });
    const { app } = opened;
    const refused = change(app, { shop: { cartsMax: 20, colour: "blue" } });
    await expect(refused).rejects.toMatchObject({
      code: "settings.pinned",
      options: { errors: [{ pointer: "/shop/cartsMax" }] },
    });
    expect(await view(app, "shop.colour")).toMatchObject({ source: "default" });
    expect(await view(app, "shop.cartsMax")).toMatchObject({
      source: "environment",
      writable: false,
    });
  });

  it("give way to a file that names them later", async () => {
    await using opened = await open(database);
    const { app } = opened;
    await change(app, { shop: { cartsMax: 20 } });
    const pinned = { "shop.cartsMax": { kind: "file", from: "portico.config.ts" } } as const;
    const given = { settings: { shop: { cartsMax: 50 } }, pinned };
    const next = await opened.next(given);
    expect(settings(next)).toMatchObject({ cartsMax: 50 });
  });

  it("are refused whole, with every mistake by its pointer, and nothing is lost", async () => {
    await using opened = await open(database);
    const { app } = opened;
    await change(app, { shop: { cartsMax: 20 } });
    const refused = change(app, {
      shop: { cartsMax: "many", colour: 7, colur: "x", peers: [{ name: "a" }] },
      server: { port: 1 },
      nobody: {},
    });
    await expect(refused).rejects.toMatchObject({ code: "settings.invalid" });
    const { options } = (await refused.catch((error: unknown) => error)) as {
      options: { errors: readonly { pointer: string }[] };
    };
    expect(options.errors.map(({ pointer }) => pointer).toSorted()).toEqual([
      "/nobody",
      "/server",
      "/shop/cartsMax",
      "/shop/colour",
      "/shop/colur",
      "/shop/peers/0/key",
    ]);
    expect(await view(app, "shop.cartsMax")).toMatchObject({ value: 20 });
    expect((await face(app).list()).revision).toBe(1);
  });

  it("keep secrets sealed, and tell of them only whether they are set", async () => {
    await using opened = await open(database);
    const { app } = opened;
    expect(await view(app, "shop.mail.password")).toMatchObject({ secret: true, isSet: false });
    const changed = await change(app, {
      shop: { mail: { password: "canary-1" }, peers: [{ name: "a", key: "canary-2" }] },
    });
    await face(app).refresh();
    expect(settings(app)).toMatchObject({ mail: { password: "canary-1" } });
    const { rows } = await app.spine.hub.driver.query({
      sql: "select value from settings_stored",
      parameters: [],
    });
    const state = await app.spine.hub.driver.query({
      sql: "select undo from settings_state",
      parameters: [],
    });
    const seen = JSON.stringify([changed, await face(app).list(), rows, state.rows]);
    expect(seen).not.toContain("canary");
    expect(await view(app, "shop.mail.password")).toMatchObject({ secret: true, isSet: true });
    const again = change(app, { shop: { mail: { password: "[secret]" } } });
    expect(await codeOf(again)).toBe("settings.invalid");
    const next = await opened.next();
    expect(settings(next)).toMatchObject({ peers: [{ name: "a", key: "canary-2" }] });
  });

  it("go back to what they were before the last change, once", async () => {
    await using opened = await open(database);
    const { app } = opened;
    await change(app, { shop: { cartsMax: 20 } });
    await change(app, { shop: { cartsMax: 30, from: 5 } });
    const undone = await undo(app);
    expect(undone.changes.map(({ before, after }) => [before, after])).toEqual([
      [30, 20],
      [5, null],
    ]);
    await face(app).refresh();
    expect(settings(app)).toMatchObject({ cartsMax: 20 });
    expect(await codeOf(undo(app))).toBe("settings.nothingToUndo");
    expect(settings(app)).toMatchObject({ cartsMax: 20 });
  });

  it("go back to the default by null, and a change of nothing is none", async () => {
    await using opened = await open(database);
    const { app } = opened;
    await change(app, { shop: { cartsMax: 20, from: 3 } });
    expect((await change(app, { shop: { cartsMax: 20 } })).changes).toEqual([]);
    expect((await face(app).list()).undoable).toBe(true);
    await change(app, { shop: { cartsMax: null } });
    await face(app).refresh();
    expect(settings(app)).toMatchObject({ cartsMax: 10, from: 3 });
    expect(await view(app, "shop.cartsMax")).toMatchObject({ source: "default", value: 10 });
  });

  it("count one by one, however many change them at once", async () => {
    await using opened = await open(database);
    const { app } = opened;
    const values = [11, 12, 13, 14, 15];
    await Promise.all(values.map((cartsMax) => change(app, { shop: { cartsMax } })));
    expect((await face(app).list()).revision).toBe(5);
  });

  it("leave alone what its plugin keeps to the configuration file", async () => {
    await using opened = await open(database);
    const { app } = opened;
    expect(await view(app, "shop.allow")).toMatchObject({ writable: false });
    const refused = change(app, { shop: { allow: ["0.0.0.0/0"] } });
    expect(await codeOf(refused)).toBe("settings.invalid");
    const row = `insert into settings_stored (path, value) values ('shop.allow', '["0.0.0.0/0"]')`;
    await app.spine.hub.driver.append([{ sql: row, parameters: [] }]);
    expect(settings(await opened.next())).toMatchObject({ allow: [] });
    await change(app, { shop: null });
  });

  it("can be left out of a start, and be put right then", async () => {
    await using opened = await open(database);
    const { app } = opened;
    await change(app, { shop: { cartsMax: 20, colour: "blue" } });
    const bare = await opened.next({ isStoredIgnored: true });
    expect(settings(bare)).toMatchObject({ cartsMax: 10, colour: "red" });
    await change(bare, { shop: { colour: null } });
    expect(settings(await opened.next())).toMatchObject({ cartsMax: 20, colour: "red" });
  });

  it("that no longer fit are passed over, so that the server starts", async () => {
    await using opened = await open(database);
    const { app } = opened;
    await change(app, { shop: { cartsMax: 20, from: 3 } });
    const { driver } = app.spine.hub;
    await driver.append([
      {
        sql: "update settings_stored set value = '1000' where path = 'shop.cartsMax'",
        parameters: [],
      },
      { sql: "insert into settings_stored (path, value) values ('gone.x', '1')", parameters: [] },
    ]);
    const next = await opened.next();
    expect(settings(next)).toMatchObject({ cartsMax: 10, from: 3 });
  });
});

it("are followed by every process on PostgreSQL within a second", async () => {
  if (process.env["PORTICO_TEST_POSTGRES_URL"] === undefined) return;
  await using database = await openTestDatabase("postgres");
  await using one = await createTestApp({ plugins: [shop], driver: database.driver });
  const driver = await database.openAnother();
  await using other = await createTestApp({ plugins: [shop], driver, keyringOf: one });
  await change(one, { shop: { cartsMax: 42 } });
  await expect.poll(() => settings(other)["cartsMax"], { timeout: 1_000 }).toBe(42);
});
