import { describe, expect, it } from "vitest";
import { bench, body, code, kinds } from "../key-app.fixture.ts";
import type { Created, KeyTable } from "../key-app.fixture.ts";

describe.each(kinds)("POST /keys [%s]", (kind) => {
  it("201: shows the key once, keeps only its hash, and tells of it without it", async () => {
    await using it = await bench(kind);
    const reply = await it.app.as({ permissions: ["*"], subject: "user_1" }).post("/keys", {
      ...body,
      rateLimit: 600,
      userId: "42",
      expiresAt: "2027-01-01T00:00:00+01:00",
      quotas: [{ limit: 10_000, window: "month" }],
      ipAllow: ["10.0.0.0/8", "2001:db8::/32"],
      pins: { shop: "2026-01-01" },
      metadata: { contract: "A-17", ß: ["\u{1f511}"] },
    });
    expect(reply.status).toBe(201);
    const created = reply.json() as Created;
    expect(created).toEqual({
      id: expect.stringMatching(/^key_[0-9a-z]{26}$/),
      key: `ptc_live_${created.id.slice(4)}_${created.key.slice(-49)}`,
      name: "Acme",
      permissions: ["keys:read"],
      environment: "live",
      rateLimit: 600,
      quotas: [{ limit: 10_000, window: "month" }],
      userId: "42",
      ipAllow: ["10.0.0.0/8", "2001:db8::/32"],
      pins: { shop: "2026-01-01" },
      createdBy: "user_1",
      createdAt: "2026-01-01T00:00:00.000Z",
      expiresAt: "2026-12-31T23:00:00.000Z",
      revokedAt: null,
      disabledAt: null,
      lastUsedAt: null,
      rotatedAt: null,
      previous: null,
      revision: 1,
      active: true,
      metadata: { contract: "A-17", ß: ["\u{1f511}"] },
    });
    const seen = await it.events();
    expect(seen).toMatchObject([{ type: "key.created", subject: created.id }]);
    const rows = await it.app
      .context("keys")
      .store.read("instance")
      .db<KeyTable>()
      .selectFrom("keys_keys")
      .selectAll()
      .execute();
    const secret = created.key.slice(-49);
    for (const place of [JSON.stringify(seen), JSON.stringify(rows), it.logged()] as const) {
      expect(place).not.toContain(secret);
    }
    expect(rows[0]?.hash).toHaveLength(32);
  });

  it("201: the same Idempotency-Key makes one key, and shows its text once", async () => {
    await using it = await bench(kind);
    const client = it.app.as();
    const headers = { "idempotency-key": "once" };
    const first = await client.post("/keys", body, headers);
    const second = await client.post("/keys", body, headers);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.json()).toEqual({ ...(first.json() as object), key: null });
    expect(await it.events()).toHaveLength(1);
    const other = await client.post("/keys", { ...body, name: "Other" }, headers);
    expect([other.status, code(other)]).toEqual([422, "request.idempotencyReuse"]);
  });

  it("401 without a credential, 403 without keys:write, and nothing is made", async () => {
    await using it = await bench(kind);
    const nobody = await it.app.inject({ method: "POST", url: "/api/v1/keys", body });
    expect([nobody.status, code(nobody)]).toEqual([401, "access.unauthenticated"]);
    expect(nobody.headers["www-authenticate"]).toContain("Bearer");
    const reader = await it.app.as({ permissions: ["keys:read"] }).post("/keys", body);
    expect([reader.status, code(reader)]).toEqual([403, "access.forbidden"]);
    expect(await it.events()).toEqual([]);
  });

  it("403: a key never grants what its creator lacks", async () => {
    await using it = await bench(kind);
    for (const [caller, asked] of [
      [{ permissions: ["keys:write"] }, { ...body, permissions: ["keys:read"] }],
      [{ permissions: ["keys:*"] }, { ...body, permissions: ["*"] }],
      [
        { permissions: ["*"], limits: ["60/min"] },
        { ...body, rateLimit: 61 },
      ],
      [
        { permissions: ["*"], environment: "test" },
        { ...body, environment: "live" },
      ],
    ] as const) {
      const reply = await it.app.as(caller).post("/keys", asked);
      expect([reply.status, code(reply)]).toEqual([403, "keys.exceedsCreator"]);
    }
    expect(await it.events()).toEqual([]);
  });

  it("422: says what is wrong with a key that cannot be made", async () => {
    await using it = await bench(kind);
    for (const [expected, asked] of [
      ["request.invalid", {}],
      ["request.invalid", { ...body, name: "" }],
      ["request.invalid", { ...body, permissions: ["all"] }],
      ["request.invalid", { ...body, permissions: "*" }],
      ["request.invalid", { ...body, rateLimit: 0 }],
      ["request.invalid", { ...body, expiresAt: "tomorrow" }],
      ["request.invalid", { ...body, instancePermissions: ["*"] }],
      ["keys.unknownEnvironment", { ...body, environment: "staging" }],
      ["keys.expiryPast", { ...body, expiresAt: "2026-01-01T00:00:00.000Z" }],
      ["keys.badAddress", { ...body, ipAllow: ["10.0.0.0/8", "10.0.0.0/33", "localhost"] }],
      ["keys.badLimit", { ...body, rateLimit: { limit: 5, per: "global" } }],
      ["keys.badLimit", { ...body, rateLimit: { limit: 5, window: "month", algorithm: "bucket" } }],
      ["request.invalid", { ...body, rateLimit: { limit: 5, windw: "day" } }],
      ["request.invalid", { ...body, quotas: [{ limit: 5, window: "week" }] }],
      ["request.invalid", { ...body, ipAllow: [] }],
      ["request.invalid", { ...body, pins: { "Shop!": "1" } }],
      ["keys.metadataTooLarge", { ...body, metadata: { a: "x".repeat(8_192) } }],
    ] as const) {
      const reply = await it.app.as().post("/keys", asked);
      expect([reply.status, code(reply)]).toEqual([422, expected]);
    }
    expect(await it.events()).toEqual([]);
  });

  it("makes a key inherit its creator's limit and environment when it names none", async () => {
    await using it = await bench(kind);
    const caller = { permissions: ["*"], limits: ["60/min"], environment: "test" };
    const reply = await it.app.as(caller).post("/keys", body);
    expect(reply.json()).toMatchObject({ rateLimit: 60, environment: "test" });
    expect((reply.json() as Created).key).toMatch(/^ptc_test_/);
  });
});
