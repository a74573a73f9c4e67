import { describe, expect, it } from "vitest";
import { bearer, bench, kinds, runVerb } from "./key-app.fixture.ts";
import type { Created } from "./key-app.fixture.ts";

describe.each(kinds)("portico keys [%s]", (kind) => {
  it("create --root makes a key that may do everything, and prints it", async () => {
    await using it = await bench(kind);
    const { data, text } = await runVerb(it.app, "create", { root: true });
    const { id, key } = data as Created;
    expect(text).toBe(key);
    const caller = await it.app
      .context("keys")
      .access.identify({ headers: bearer(key), remoteAddress: "" });
    expect(caller).toMatchObject({ subject: id, permissions: ["*"], instancePermissions: ["*"] });
  });

  it("create without --root gives no permission over the installation", async () => {
    await using it = await bench(kind);
    const options = { name: "ci", permission: ["keys:read"], rateLimit: "60", expiresIn: "1d" };
    const { data } = await runVerb(it.app, "create", options);
    expect(data).toMatchObject({
      name: "ci",
      permissions: ["keys:read"],
      rateLimit: 60,
      expiresAt: "2026-01-02T00:00:00.000Z",
    });
    const { key } = data as Created;
    const caller = await it.app
      .context("keys")
      .access.identify({ headers: bearer(key), remoteAddress: "" });
    expect(caller.instancePermissions).toEqual([]);
  });

  it("create refuses options that cannot be read, with what it expects", async () => {
    await using it = await bench(kind);
    for (const options of [{ rateLimit: "many" }, { expiresIn: "soon" }]) {
      await expect(runVerb(it.app, "create", options)).rejects.toMatchObject({
        code: "keys.badOption",
      });
    }
  });

  it("revoke closes a key, list shows it as inactive", async () => {
    await using it = await bench(kind);
    const { id, key } = await it.create();
    expect((await it.ask(bearer(key))).status).toBe(200);
    await runVerb(it.app, "revoke", {}, { id });
    expect((await it.ask(bearer(key))).status).toBe(401);
    expect((await runVerb(it.app, "list", {})).text).toContain(`${id}  live  inactive`);
  });
});
