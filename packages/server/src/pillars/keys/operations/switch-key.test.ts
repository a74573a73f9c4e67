import { describe, expect, it } from "vitest";
import { bearer, bench, code, kinds } from "../key-app.fixture.ts";

describe.each(kinds)("POST /keys/{id}/disable and /enable [%s]", (kind) => {
  it("200: a disabled key opens nothing until it is enabled, and each is told once", async () => {
    await using it = await bench(kind);
    const { id, key } = await it.create();
    expect((await it.ask(bearer(key))).status).toBe(200);
    const client = it.app.as();
    for (let round = 0; round < 2; round += 1) {
      const off = await client.post(`/keys/${id}/disable`);
      expect(off.json()).toMatchObject({ active: false, disabledAt: "2026-01-01T00:00:00.000Z" });
      const refused = await it.ask(bearer(key));
      expect([refused.status, code(refused)]).toEqual([401, "keys.invalid"]);
    }
    for (let round = 0; round < 2; round += 1) {
      const on = await client.post(`/keys/${id}/enable`);
      expect(on.json()).toMatchObject({ active: true, disabledAt: null, revision: 3 });
      expect((await it.ask(bearer(key))).status).toBe(200);
    }
    const types = (await it.events()).map(({ type }) => type);
    expect(types).toEqual(["key.created", "key.disabled", "key.enabled"]);
  });

  it("403: whoever could not make the key cannot switch it on", async () => {
    await using it = await bench(kind);
    const { id } = await it.create({ permissions: ["events:write"] });
    await it.app.as().post(`/keys/${id}/disable`);
    const reply = await it.app.as({ permissions: ["keys:*"] }).post(`/keys/${id}/enable`);
    expect([reply.status, code(reply)]).toEqual([403, "keys.exceedsCreator"]);
  });

  it("409: a revoked key stays revoked", async () => {
    await using it = await bench(kind);
    const { id } = await it.create();
    await it.app.as().post(`/keys/${id}/revoke`);
    const reply = await it.app.as().post(`/keys/${id}/enable`);
    expect([reply.status, code(reply)]).toEqual([409, "keys.revokedForGood"]);
  });

  it("404: for a key of another organization or another's", async () => {
    await using it = await bench(kind);
    const { id, key } = await it.create();
    for (const verb of ["disable", "enable", "revoke", "rotate"]) {
      for (const caller of [
        { organization: "other", permissions: ["*"] },
        { permissions: ["keys:write"], subject: "user_2" },
      ]) {
        const reply = await it.app
          .as(caller)
          .post(`/keys/${id}/${verb}`, verb === "rotate" ? {} : undefined);
        expect([reply.status, code(reply)]).toEqual([404, "keys.notFound"]);
      }
    }
    expect((await it.ask(bearer(key))).status).toBe(200);
  });
});
