import { describe, expect, it } from "vitest";
import { bearer, bench, code, kinds } from "../key-app.fixture.ts";

describe.each(kinds)("POST /keys/{id}/revoke [%s]", (kind) => {
  it("200: closes the key from the answer on, though it was in memory and no time has passed", async () => {
    await using it = await bench(kind);
    const { id, key } = await it.create();
    expect((await it.ask(bearer(key))).status).toBe(200);
    const reply = await it.app.as().post(`/keys/${id}/revoke`);
    expect(reply.status).toBe(200);
    expect(reply.json()).toMatchObject({
      id,
      active: false,
      revokedAt: "2026-01-01T00:00:00.000Z",
    });
    expect((await it.ask(bearer(key))).status).toBe(401);
    expect(await it.events()).toMatchObject([
      { type: "key.created" },
      { type: "key.revoked", subject: id, data: { id, name: "Acme" } },
    ]);
  });

  it("200: a second time changes and tells nothing", async () => {
    await using it = await bench(kind);
    const { id } = await it.create();
    const first = await it.app.as().post(`/keys/${id}/revoke`);
    await it.clock.advance(5_000);
    const second = await it.app.as().post(`/keys/${id}/revoke`);
    expect(second.json()).toEqual(first.json());
    expect(await it.events()).toHaveLength(2);
  });

  it("404 for a key of another organization, which goes on opening", async () => {
    await using it = await bench(kind);
    const { id, key } = await it.create();
    const reply = await it.app
      .as({ organization: "other", permissions: ["*"] })
      .post(`/keys/${id}/revoke`);
    expect([reply.status, code(reply)]).toEqual([404, "keys.notFound"]);
    expect((await it.ask(bearer(key))).status).toBe(200);
    expect(await it.events()).toHaveLength(1);
  });

  it("403 without keys:write", async () => {
    await using it = await bench(kind);
    const { id } = await it.create();
    expect(
      (await it.app.as({ permissions: ["keys:read"] }).post(`/keys/${id}/revoke`)).status,
    ).toBe(403);
  });
});
