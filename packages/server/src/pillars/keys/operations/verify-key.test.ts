import { describe, expect, it } from "vitest";
import { bench, kinds } from "../key-app.fixture.ts";

describe.each(kinds)("POST /keys/verify [%s]", (kind) => {
  it("200: says of each key what it is worth", async () => {
    await using it = await bench(kind);
    const [good, revoked, expiring] = [
      await it.create({ userId: "42" }),
      await it.create(),
      await it.create({ expiresAt: "2026-01-01T00:01:00Z" }),
    ];
    await it.app.as().post(`/keys/${revoked.id}/revoke`);
    await it.clock.advance(60_000);
    const verify = async (asked: object): Promise<unknown> =>
      (await it.app.as().post("/keys/verify", asked)).json();
    expect(await verify({ key: good.key, permission: "keys:read" })).toEqual({
      valid: true,
      code: "valid",
      id: good.id,
      name: "Acme",
      permissions: ["keys:read"],
      environment: "live",
      userId: "42",
      remaining: null,
      cost: 1,
      limits: [],
    });
    expect(await verify({ key: good.key, permission: "keys:write" })).toMatchObject({
      valid: false,
      code: "insufficientPermissions",
    });
    expect(await verify({ key: revoked.key })).toMatchObject({
      valid: false,
      code: "revoked",
      id: null,
    });
    expect(await verify({ key: expiring.key })).toMatchObject({ valid: false, code: "expired" });
    expect(await verify({ key: "nonsense" })).toMatchObject({ valid: false, code: "notFound" });
  });

  it("200: tells a disabled key, and one from an address that it may not be used from", async () => {
    await using it = await bench(kind);
    const [off, bound] = [await it.create(), await it.create({ ipAllow: ["192.0.2.0/24"] })];
    await it.app.as().post(`/keys/${off.id}/disable`);
    const verify = async (asked: object): Promise<unknown> =>
      (await it.app.as().post("/keys/verify", asked)).json();
    expect(await verify({ key: off.key })).toMatchObject({ valid: false, code: "disabled" });
    const { key } = bound;
    expect(await verify({ key, ip: "198.51.100.1" })).toMatchObject({
      code: "forbidden",
      id: null,
    });
    expect(await verify({ key, ip: "192.0.2.1" })).toMatchObject({ code: "valid" });
    expect(await verify({ key })).toMatchObject({ code: "valid" });
  });

  it("200: keys of other organizations are not found, revoked ones included", async () => {
    await using it = await bench(kind);
    const [good, revoked] = [await it.create(), await it.create()];
    await it.app.as().post(`/keys/${revoked.id}/revoke`);
    const stranger = it.app.as({ organization: "other", permissions: ["*"] });
    for (const { key } of [good, revoked]) {
      const reply = await stranger.post("/keys/verify", { key });
      expect([reply.status, reply.json()]).toMatchObject([
        200,
        { valid: false, code: "notFound", id: null },
      ]);
    }
  });
});
