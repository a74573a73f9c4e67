import type { PluginContext } from "portico/kernel";
import { createTestApp, describeStore } from "portico/testing";
import type { OpenTestDatabase } from "portico/testing";
import { expect, it } from "vitest";
import { identityFixture } from "./identity.fixture.ts";
import { oauth } from "./index.ts";
import { ModelStore } from "./models.ts";

async function open(openDatabase: OpenTestDatabase) {
  const database = await openDatabase();
  const plugin = oauth();
  let given: PluginContext | undefined;
  const kept = {
    ...plugin,
    start: async (ctx: PluginContext) => {
      given = ctx;
      return await plugin.start?.(ctx);
    },
  };
  const plugins = [identityFixture().plugin, kept];
  const app = await createTestApp({ plugins, driver: database.driver });
  if (given === undefined) throw new TypeError("it did not start");
  const ended: string[] = [];
  const models = new ModelStore(given, (change) => void ended.push(change));
  const count = async (): Promise<number> => {
    const sql = "select count(*) as n from oauth_models";
    const { rows } = await database.driver.query({ sql, parameters: [] });
    return Number(rows[0]?.["n"]);
  };
  return {
    models,
    ended,
    count,
    [Symbol.asyncDispose]: async () => {
      await app.stop();
      await database[Symbol.asyncDispose]();
    },
  };
}

const model = (id: string, more: object = {}) => ({
  model: "AuthorizationCode",
  id,
  payload: { said: id },
  expiresAt: Date.now() + 60_000,
  ...more,
});

describeStore("Things of the protocol", (openDatabase) => {
  it("are used up once, by whoever comes first", async () => {
    await using given = await open(openDatabase);
    await given.models.put(model("a"));
    const all = await Promise.all(
      Array.from({ length: 8 }, () => given.models.consume("AuthorizationCode", "a")),
    );
    expect(all.filter(Boolean)).toHaveLength(1);
    const found = await given.models.find("AuthorizationCode", "a");
    expect(found?.payload).toEqual({ said: "a" });
    expect(found?.consumedAt).not.toBeNull();
    expect(await given.models.consume("AuthorizationCode", "never")).toBe(false);
  });

  it("that may be sent once are taken once, and again when they have expired", async () => {
    await using given = await open(openDatabase);
    const proof = model("p", { model: "ReplayDetection" });
    const all = await Promise.all(Array.from({ length: 8 }, () => given.models.putOnce(proof)));
    expect(all.filter(Boolean)).toHaveLength(1);
    const old = model("q", { model: "ReplayDetection", expiresAt: Date.now() - 1 });
    expect([await given.models.putOnce(old), await given.models.putOnce(old)]).toEqual([
      true,
      true,
    ]);
  });

  it("are not found after their time, and swept away by the thousand", async () => {
    await using given = await open(openDatabase);
    const expiresAt = Date.now() - 1;
    await Promise.all(
      Array.from({ length: 1_203 }, (_, n) => given.models.put(model(`old-${n}`, { expiresAt }))),
    );
    await given.models.put(model("young"));
    expect(await given.models.find("AuthorizationCode", "old-1")).toBeUndefined();
    expect([await given.models.sweep(), await given.models.sweep()]).toEqual([1_000, 203]);
    expect(await given.count()).toBe(1);
    expect(await given.models.find("AuthorizationCode", "young")).toBeDefined();
  });

  it("of one sign-in end together, and that is told", async () => {
    await using given = await open(openDatabase);
    await given.models.put(model("one", { grantId: "g1" }));
    await given.models.put(model("two", { grantId: "g1", model: "RefreshToken" }));
    await given.models.put(model("other", { grantId: "g2" }));
    await given.models.dropGrant("g1");
    expect(await given.count()).toBe(1);
    expect(given.ended).toEqual(["grant:g1"]);
  });
});
