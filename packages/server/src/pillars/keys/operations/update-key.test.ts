import { describe, expect, it } from "vitest";
import { bearer, bench, body, code, kinds } from "../key-app.fixture.ts";
import type { Created } from "../key-app.fixture.ts";

describe.each(kinds)("PATCH /keys/{id} [%s]", (kind) => {
  it("200: changes what is named, leaves the rest, and the key acts by it from the answer on", async () => {
    await using it = await bench(kind);
    const made = await it.create({ rateLimit: 60, metadata: { a: 1 } });
    expect((await it.ask(bearer(made.key))).status).toBe(200);
    const changes = {
      name: "Renamed",
      permissions: ["events:read"],
      quotas: [{ limit: 5, window: "day" }],
      ipAllow: ["192.0.2.0/24"],
      pins: { shop: "2" },
      userId: "7",
      expiresAt: "2027-01-01T00:00:00.000Z",
    };
    const reply = await it.app.as().patch(`/keys/${made.id}`, changes);
    expect(reply.status).toBe(200);
    expect(reply.json()).toMatchObject({
      ...changes,
      rateLimit: 60,
      metadata: { a: 1 },
      revision: 2,
    });
    expect(reply.headers["etag"]).toBe('"2"');
    expect((await it.ask(bearer(made.key))).status).toBe(403);
    expect(await it.events()).toMatchObject([
      { type: "key.created" },
      { type: "key.updated", subject: made.id, data: { id: made.id, name: "Renamed" } },
    ]);
    const cleared = await it.app.as().patch(`/keys/${made.id}`, {
      rateLimit: null,
      quotas: [],
      ipAllow: null,
      pins: {},
      userId: null,
      expiresAt: null,
    });
    expect(cleared.json()).toMatchObject({
      rateLimit: null,
      quotas: [],
      ipAllow: null,
      pins: {},
      userId: null,
      expiresAt: null,
    });
  });

  it("412: with the revision before, and nothing is changed", async () => {
    await using it = await bench(kind);
    const { id } = await it.create();
    const match = { "if-match": '"1"' };
    expect((await it.app.as().patch(`/keys/${id}`, { name: "One" }, match)).status).toBe(200);
    const late = await it.app.as().patch(`/keys/${id}`, { name: "Two" }, match);
    expect([late.status, code(late)]).toEqual([412, "request.revision"]);
    expect((await it.app.as().get(`/keys/${id}`)).json()).toMatchObject({ name: "One" });
  });

  it("403: gives nothing that the caller lacks, by its own limits and addresses too", async () => {
    await using it = await bench(kind);
    const { id } = await it.create();
    const creator = await it.create({
      permissions: ["keys:*"],
      rateLimit: 60,
      ipAllow: ["127.0.0.0/8"],
      expiresAt: "2026-06-01T00:00:00Z",
    });
    for (const changes of [
      { permissions: ["*"] },
      { rateLimit: 61 },
      { rateLimit: null },
      { quotas: [], rateLimit: "2/s" },
      { ipAllow: null },
      { ipAllow: ["10.0.0.1"] },
      { expiresAt: null },
      { expiresAt: "2026-06-01T00:00:01Z" },
    ]) {
      const reply = await it.app.inject({
        method: "PATCH",
        url: `/api/v1/keys/${id}`,
        headers: bearer(creator.key),
        remoteAddress: "127.0.0.1",
        body: changes,
      });
      expect([reply.status, code(reply)], JSON.stringify(changes)).toEqual([
        403,
        "keys.exceedsCreator",
      ]);
    }
    expect((await it.app.as().get(`/keys/${id}`)).json()).toMatchObject({ revision: 1 });
  });

  it("404: for a key of another organization, and for one that is none of the caller's", async () => {
    await using it = await bench(kind);
    const { id } = await it.create();
    for (const caller of [
      { organization: "other", permissions: ["*"] },
      { permissions: ["keys:read", "keys:write"], subject: "user_2" },
    ]) {
      const reply = await it.app.as(caller).patch(`/keys/${id}`, { name: "Mine" });
      expect([reply.status, code(reply)]).toEqual([404, "keys.notFound"]);
    }
  });

  it("422: says what is wrong with a change", async () => {
    await using it = await bench(kind);
    const { id } = await it.create();
    for (const [expected, changes] of [
      ["request.invalid", {}],
      ["request.invalid", { environment: "test" }],
      ["request.invalid", { instancePermissions: ["*"] }],
      ["keys.badAddress", { ipAllow: ["everywhere"] }],
      ["keys.badLimit", { rateLimit: { limit: 1, per: "ip" } }],
      ["keys.expiryPast", { expiresAt: "2020-01-01T00:00:00Z" }],
      ["keys.metadataTooLarge", { metadata: { a: "x".repeat(8_192) } }],
    ] as const) {
      const reply = await it.app.as().patch(`/keys/${id}`, changes);
      expect([reply.status, code(reply)]).toEqual([422, expected]);
    }
  });

  it("a key made by a key inherits its limits, addresses and end, and a user's keys are his", async () => {
    await using it = await bench(kind);
    const given = {
      permissions: ["keys:write", "keys:read"],
      rateLimit: 60,
      quotas: [{ limit: 100, window: "day" }],
      ipAllow: ["127.0.0.0/8"],
      expiresAt: "2026-06-01T00:00:00.000Z",
      userId: "7",
    };
    const creator = await it.create(given);
    const reply = await it.app.inject({
      method: "POST",
      url: "/api/v1/keys",
      headers: bearer(creator.key),
      remoteAddress: "127.0.0.1",
      body: { ...body, permissions: [] },
    });
    expect(reply.json()).toMatchObject({ ...given, permissions: [], createdBy: creator.id });
    const own = await it.app.as({ subject: "7", permissions: ["keys:read"] }).get("/keys");
    const ids = (own.json() as { data: Created[] }).data.map(({ id }) => id);
    expect(ids).toEqual([(reply.json() as Created).id, creator.id]);
  });
});
